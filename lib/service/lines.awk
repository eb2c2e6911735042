# Makes a C array of a file's lines, so that a text is compiled in without a literal longer than C allows.
#
#   awk -v name=openapi_lines -f lines.awk conf/openapi.json > service/openapi_text.h
#
# POSIX awk.

BEGIN {
    print "/* Made by lines.awk; change the text instead. */"
    print "static const char *const " name "[] = {"
}

{
    line = $0
    sub(/^[ \t]+/, "", line)
    gsub(/[\\"]/, "\\\\&", line)
    print "    \"" line "\\n\","
}

END { print "};" }
