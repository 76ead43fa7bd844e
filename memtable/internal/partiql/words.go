package partiql

import "strings"

// wordOperators are the operators that are words.
var wordOperators = setOf("and or not in is like between union except intersect")

// keywords are the words of the language, which without quotes are no names. They are those of SQL-92 and
// PartiQL; the service's own list of reserved words is another.
var keywords = setOf(`
absolute action add all allocate alter any are as asc assertion at authorization avg bag begin bit bit_length
blob bool boolean by cascade cascaded case cast catalog char char_length character character_length check clob
close coalesce collate collation column commit conflict connect connection constraint constraints continue
convert corresponding count create cross current current_date current_time current_timestamp current_user
cursor date date_add date_diff deallocate dec decimal declare default deferrable deferred delete desc describe
descriptor diagnostics disconnect distinct do domain double drop else end escape exception exec execute exists
external extract false fetch first float for foreign found from full get global go goto grant group having
identity immediate index indicator initially inner input insensitive insert int integer interval into
isolation join key language last left let level limit list local lower match max min missing modified module
names national natural nchar new next no nothing null nullif numeric octet_length of old on only open option
order outer output overlaps pad partial pivot position precision prepare preserve primary prior privileges
procedure public read real references relative remove restrict returning revoke right rollback rows schema
scroll section select session session_user set sexp size smallint some space sql sqlcode sqlerror sqlstate
string struct substring sum symbol system_user table temporary then time timestamp to transaction translate
translation trim true tuple unique unknown unpivot update upper usage user using value values varchar varying
view when whenever where with work write zone
`)

// constructs are the keywords that begin an expression that the service has no use for.
var constructs = setOf("case cast create date_add date_diff drop exec extract pivot substring trim values")

// aggregates are the functions over several items.
var aggregates = setOf("count avg max min sum")

// callable are the keywords that name a function.
var callable = setOf(`
count avg max min sum exists char_length character_length octet_length bit_length upper lower size nullif coalesce
sexp list bag
`)

// typeNames are the names of types that IS may be followed by, and what messages call them.
var typeNames = map[string]string{
	"missing": "MISSING", "null": "NULL", "bool": "BOOLEAN", "boolean": "BOOLEAN", "smallint": "SMALLINT",
	"int": "INTEGER", "integer": "INTEGER", "int2": "SMALLINT", "int4": "INTEGER4", "int8": "INTEGER8", "bigint": "INTEGER8",
	"float": "FLOAT", "real": "REAL", "double precision": "DOUBLE_PRECISION", "dec": "DECIMAL", "decimal": "DECIMAL",
	"numeric": "NUMERIC", "date": "DATE", "time": "TIME", "timestamp": "TIMESTAMP", "char": "CHARACTER",
	"character": "CHARACTER", "varchar": "CHARACTER_VARYING", "character varying": "CHARACTER_VARYING",
	"string": "STRING", "symbol": "SYMBOL", "clob": "CLOB", "blob": "BLOB", "struct": "STRUCT", "tuple": "TUPLE",
	"list": "LIST", "sexp": "SEXP", "bag": "BAG",
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
