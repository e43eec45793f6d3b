"""The product: keeps what one system says as an event and tells the others in their words."""
