"""What is going on: events, processes, correlation, threads, approvals, triggers, outbox, store."""
