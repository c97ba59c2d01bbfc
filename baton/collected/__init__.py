"""What is found out without asking: which revision, pull request, CI run and trace the work is about."""
