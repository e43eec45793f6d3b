"""The product: accepts what one system says, keeps it as an event, tells the others in their words."""
