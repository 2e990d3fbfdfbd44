"""Arrays in, arrays out: the algorithms. No file is opened here and nothing is global."""
