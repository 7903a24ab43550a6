"""How does a wave become a finished folder: notebooks executed, results checked, one exchange at the end.

Knows notebooks, folders and clocks; knows no statistics.
"""
