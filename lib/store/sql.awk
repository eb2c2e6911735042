# Makes C of a file of SQL, so that each statement is written once and named everywhere.
#
#   awk -v what=names -f sql.awk sqlite.sql > store/sql_names.def     FPI_SQL(BILL_FIND) ...
#   awk -v what=text  -f sql.awk sqlite.sql > store/sqlite_sql.h      texts and migrations
#
# A section begins with "-- migration N" (1, 2, ... in order), "-- name: BILL_FIND" or "-- part: BILL"
# and ends with the next one. "-- with: BILL" stands for the text of that part, which came before; with
# "?5" behind it, ?5 for each $1. Other lines that are only a comment are dropped. The texts are placed by name, so a
# second file may have another order; the C compiler refuses it when a name is missing or unknown.
# POSIX awk.

BEGIN {
    if (what != "names" && what != "text") {
        fail("say -v what=names or -v what=text")
        exit 1
    }
}

/^-- migration / {
    end_section()
    kind = "migration"
    if (NF != 3 || $3 != migrations + 1) {
        fail("expected \"-- migration " (migrations + 1) "\"")
        exit 1
    }
    key = ++migrations
    next
}

/^-- (name|part):/ {
    end_section()
    kind = $2 == "name:" ? "name" : "part"
    key = $3
    if (NF != 3 || key !~ /^[A-Z][A-Z0-9_]*$/ || key in seen) {
        fail("a name must be A-Z, 0-9, _ and there once: " key)
        exit 1
    }
    seen[key] = 1
    if (kind == "name") {
        names[++name_count] = key
    }
    next
}

/^-- with:/ {
    if (NF > 4 || !($3 in parts)) {
        fail("a part must be there before it is used: " $3)
        exit 1
    }
    taken = parts[$3]
    gsub(/\$1/, $4, taken)
    body = body taken
    next
}

/^[ \t]*--/ || /^[ \t]*$/ { next }

kind == "" {
    fail("a statement before the first section")
    exit 1
}

{ body = body "\n    \"" escape($0) "\\n\"" }

END {
    if (failed) {
        exit 1
    }
    end_section()
    if (failed) {
        exit 1
    }
    print "/* Made from " base_name() " by sql.awk; change that file instead. */"
    if (what == "names") {
        print_names()
    } else {
        print_texts()
    }
}

function base_name(    pieces, n) {
    n = split(FILENAME, pieces, "/")
    return pieces[n]
}

function fail(why) {
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    failed = 1
}

# \ and " for C; indentation is for readers of the file only
function escape(line) {
    sub(/^[ \t]+/, "", line)
    sub(/[ \t\r]+$/, "", line)
    gsub(/[\\"]/, "\\\\&", line)
    return line
}

function end_section() {
    if (kind != "" && body == "") {
        fail("an empty section: " key)
        exit 1
    }
    if (kind == "name") {
        texts[key] = body
    } else if (kind == "part") {
        parts[key] = body
    } else if (kind == "migration") {
        changes[key] = body
    }
    body = ""
}

function print_names(    i) {
    for (i = 1; i <= name_count; i++) {
        print "FPI_SQL(" names[i] ")"
    }
}

function print_texts(    i) {
    print "static const char *const sql_texts[FPI_SQL_COUNT] = {"
    for (i = 1; i <= name_count; i++) {
        print "    [FPI_SQL_" names[i] "] =" texts[names[i]] ","
    }
    print "};"
    print "_Static_assert(FPI_SQL_COUNT == " name_count + 0 ", \"a statement is missing here\");"
    print ""
    print "/* sql_migrations[n] brings schema n to n + 1. */"
    print "static const char *const sql_migrations[] = {"
    for (i = 1; i <= migrations; i++) {
        print "    /* " i " */" changes[i] ","
    }
    print "};"
    print "enum { SQL_SCHEMA = " migrations + 0 " };"
}
