"""What Currant costs to run: CPU a message, memory a station, with the floor measured beside it.

The server under test is a process of its own, started on an empty folder; its CPU and memory
are read from the operating system, never from itself. Answers are checked one by one, and the
rows are counted afterwards, so that a fast server that stores nothing fails.
"""
