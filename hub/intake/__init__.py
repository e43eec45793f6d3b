"""From a message that a system sent, or a row that was polled, to facts that are kept."""
