"""Timelines, deadlines and counts: what can be known from the topics, rebuilt whenever lost."""
