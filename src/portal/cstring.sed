# A text file as a C string, a line a line.
s/["\\]/\\&/g
s/^/"/
s/$/\\n"/
