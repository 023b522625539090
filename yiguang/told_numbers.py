"""What a number on the command line may be."""

#: Numbers of rows: what the databases take as one.
GREATEST_NUMBER = 2**31 - 1
