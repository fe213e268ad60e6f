"""What isolation costs: `make bench`.

Every comparison is paired: its variants take turns in small blocks, in random order, in one run. So what disturbs the
machine disturbs them all alike, and ratios hold where the microseconds themselves do not.
"""
