"""REST: requests and answers as an OpenAPI contract describes them, as client and as server."""
