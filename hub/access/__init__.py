"""Who may do what: rules, principals, and the gate before every route that is not open."""
