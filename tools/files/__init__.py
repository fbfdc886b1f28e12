"""Lists in any shape, row by row: delimited text, JSON arrays and JSON Lines, plain or gzip, in any encoding.

    table = open_table(Path("companies.csv.gz"))
    for item, position in table.read():            # RawRow | RowProblem, and where to go on after it
        ...
    for item, position in table.read(position):    # the same remaining rows, also in another process

Memory stays flat: a line, record or element is at most `MAX_ROW_BYTES`; what is longer is reported and passed over.
"""
