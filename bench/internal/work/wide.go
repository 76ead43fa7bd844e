package work

import "fmt"

// Wide has 100 attributes.
type Wide struct {
	PK  string  `dynamodbav:"pk"`
	SK  string  `dynamodbav:"sk"`
	F00 string  `dynamodbav:"f00"`
	F01 int     `dynamodbav:"f01"`
	F02 float64 `dynamodbav:"f02"`
	F03 bool    `dynamodbav:"f03"`
	F04 string  `dynamodbav:"f04"`
	F05 int     `dynamodbav:"f05"`
	F06 float64 `dynamodbav:"f06"`
	F07 bool    `dynamodbav:"f07"`
	F08 string  `dynamodbav:"f08"`
	F09 int     `dynamodbav:"f09"`
	F10 float64 `dynamodbav:"f10"`
	F11 bool    `dynamodbav:"f11"`
	F12 string  `dynamodbav:"f12"`
	F13 int     `dynamodbav:"f13"`
	F14 float64 `dynamodbav:"f14"`
	F15 bool    `dynamodbav:"f15"`
	F16 string  `dynamodbav:"f16"`
	F17 int     `dynamodbav:"f17"`
	F18 float64 `dynamodbav:"f18"`
	F19 bool    `dynamodbav:"f19"`
	F20 string  `dynamodbav:"f20"`
	F21 int     `dynamodbav:"f21"`
	F22 float64 `dynamodbav:"f22"`
	F23 bool    `dynamodbav:"f23"`
	F24 string  `dynamodbav:"f24"`
	F25 int     `dynamodbav:"f25"`
	F26 float64 `dynamodbav:"f26"`
	F27 bool    `dynamodbav:"f27"`
	F28 string  `dynamodbav:"f28"`
	F29 int     `dynamodbav:"f29"`
	F30 float64 `dynamodbav:"f30"`
	F31 bool    `dynamodbav:"f31"`
	F32 string  `dynamodbav:"f32"`
	F33 int     `dynamodbav:"f33"`
	F34 float64 `dynamodbav:"f34"`
	F35 bool    `dynamodbav:"f35"`
	F36 string  `dynamodbav:"f36"`
	F37 int     `dynamodbav:"f37"`
	F38 float64 `dynamodbav:"f38"`
	F39 bool    `dynamodbav:"f39"`
	F40 string  `dynamodbav:"f40"`
	F41 int     `dynamodbav:"f41"`
	F42 float64 `dynamodbav:"f42"`
	F43 bool    `dynamodbav:"f43"`
	F44 string  `dynamodbav:"f44"`
	F45 int     `dynamodbav:"f45"`
	F46 float64 `dynamodbav:"f46"`
	F47 bool    `dynamodbav:"f47"`
	F48 string  `dynamodbav:"f48"`
	F49 int     `dynamodbav:"f49"`
	F50 float64 `dynamodbav:"f50"`
	F51 bool    `dynamodbav:"f51"`
	F52 string  `dynamodbav:"f52"`
	F53 int     `dynamodbav:"f53"`
	F54 float64 `dynamodbav:"f54"`
	F55 bool    `dynamodbav:"f55"`
	F56 string  `dynamodbav:"f56"`
	F57 int     `dynamodbav:"f57"`
	F58 float64 `dynamodbav:"f58"`
	F59 bool    `dynamodbav:"f59"`
	F60 string  `dynamodbav:"f60"`
	F61 int     `dynamodbav:"f61"`
	F62 float64 `dynamodbav:"f62"`
	F63 bool    `dynamodbav:"f63"`
	F64 string  `dynamodbav:"f64"`
	F65 int     `dynamodbav:"f65"`
	F66 float64 `dynamodbav:"f66"`
	F67 bool    `dynamodbav:"f67"`
	F68 string  `dynamodbav:"f68"`
	F69 int     `dynamodbav:"f69"`
	F70 float64 `dynamodbav:"f70"`
	F71 bool    `dynamodbav:"f71"`
	F72 string  `dynamodbav:"f72"`
	F73 int     `dynamodbav:"f73"`
	F74 float64 `dynamodbav:"f74"`
	F75 bool    `dynamodbav:"f75"`
	F76 string  `dynamodbav:"f76"`
	F77 int     `dynamodbav:"f77"`
	F78 float64 `dynamodbav:"f78"`
	F79 bool    `dynamodbav:"f79"`
	F80 string  `dynamodbav:"f80"`
	F81 int     `dynamodbav:"f81"`
	F82 float64 `dynamodbav:"f82"`
	F83 bool    `dynamodbav:"f83"`
	F84 string  `dynamodbav:"f84"`
	F85 int     `dynamodbav:"f85"`
	F86 float64 `dynamodbav:"f86"`
	F87 bool    `dynamodbav:"f87"`
	F88 string  `dynamodbav:"f88"`
	F89 int     `dynamodbav:"f89"`
	F90 float64 `dynamodbav:"f90"`
	F91 bool    `dynamodbav:"f91"`
	F92 string  `dynamodbav:"f92"`
	F93 int     `dynamodbav:"f93"`
	F94 float64 `dynamodbav:"f94"`
	F95 bool    `dynamodbav:"f95"`
	F96 string  `dynamodbav:"f96"`
	F97 int     `dynamodbav:"f97"`
}

// NewWide is the i-th Wide.
func NewWide(i int) Wide {
	return Wide{
		PK: "p", SK: fmt.Sprintf("%06d", i),
		F00: "a value",
		F01: i,
		F02: 1.5,
		F03: true,
		F04: "a value",
		F05: i,
		F06: 1.5,
		F07: true,
		F08: "a value",
		F09: i,
		F10: 1.5,
		F11: true,
		F12: "a value",
		F13: i,
		F14: 1.5,
		F15: true,
		F16: "a value",
		F17: i,
		F18: 1.5,
		F19: true,
		F20: "a value",
		F21: i,
		F22: 1.5,
		F23: true,
		F24: "a value",
		F25: i,
		F26: 1.5,
		F27: true,
		F28: "a value",
		F29: i,
		F30: 1.5,
		F31: true,
		F32: "a value",
		F33: i,
		F34: 1.5,
		F35: true,
		F36: "a value",
		F37: i,
		F38: 1.5,
		F39: true,
		F40: "a value",
		F41: i,
		F42: 1.5,
		F43: true,
		F44: "a value",
		F45: i,
		F46: 1.5,
		F47: true,
		F48: "a value",
		F49: i,
		F50: 1.5,
		F51: true,
		F52: "a value",
		F53: i,
		F54: 1.5,
		F55: true,
		F56: "a value",
		F57: i,
		F58: 1.5,
		F59: true,
		F60: "a value",
		F61: i,
		F62: 1.5,
		F63: true,
		F64: "a value",
		F65: i,
		F66: 1.5,
		F67: true,
		F68: "a value",
		F69: i,
		F70: 1.5,
		F71: true,
		F72: "a value",
		F73: i,
		F74: 1.5,
		F75: true,
		F76: "a value",
		F77: i,
		F78: 1.5,
		F79: true,
		F80: "a value",
		F81: i,
		F82: 1.5,
		F83: true,
		F84: "a value",
		F85: i,
		F86: 1.5,
		F87: true,
		F88: "a value",
		F89: i,
		F90: 1.5,
		F91: true,
		F92: "a value",
		F93: i,
		F94: 1.5,
		F95: true,
		F96: "a value",
		F97: i,
	}
}
