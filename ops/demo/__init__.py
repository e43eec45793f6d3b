"""The stories of a province, played on a real Kafka, and asked from the systems afterwards."""
