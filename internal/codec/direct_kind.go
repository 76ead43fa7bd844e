package codec

// One function for each kind: the direct twin of its make function.

func directBool(s spec) direct { return direct{append: appendBool, read: readBool(s)} }

func directString(s spec) direct {
	if isNumberText(s.typ) {
		return direct{append: appendNumberText(s), read: readString(s)}
	}
	return direct{append: appendText, read: readString(s)}
}

func directInt(s spec) direct    { return direct{append: appendInt(s), read: readInt(s)} }
func directUint(s spec) direct   { return direct{append: appendUint(s), read: readUint(s)} }
func directFloat(s spec) direct  { return direct{append: appendFloat(s), read: readFloat(s)} }
func directBigInt(s spec) direct { return direct{append: appendBigInt(s), read: readBigInt(s)} }
func directTime(s spec) direct   { return direct{append: appendTime(s), read: readTime(s)} }
func directJSON(s spec) direct   { return direct{append: appendJSON(s), read: readJSON(s)} }

// directRaw is for types.AttributeValue and its members, which are read by the twin.
func directRaw(s spec) direct { return direct{append: appendRaw(s)} }

func directInterface(s spec) direct {
	return direct{append: appendInterface(s), read: readInterface(s)}
}

func directPointer(s spec, next *codec) direct {
	return direct{append: appendPointer(s, next), read: readPointer(s, next)}
}

func (c *compiler) directList(s spec) direct {
	elem := c.codec(s.elem(s.typ.Elem()))
	return direct{append: appendList(s, elem), read: readList(s, elem)}
}

func (c *compiler) directBytes(s spec) direct {
	return direct{append: appendBytes(s), read: readBytes(s, c.directList(s).read)}
}

func (c *compiler) directSet(s spec) direct {
	elem := c.codec(s.elem(s.typ.Elem()))
	return direct{append: appendSet(s, elem), read: readList(s, elem)}
}

func (c *compiler) directMap(s spec) direct {
	elem := c.codec(s.elem(s.typ.Elem()))
	return direct{append: appendMap(s, elem), read: readMap(s, elem)}
}

func (c *compiler) directMapSet(s spec) direct {
	member := c.codec(s.elem(s.typ.Key()))
	return direct{append: appendMapSet(s), read: readMapSet(s, c.directMap(s).read, member)}
}

// directUnsupported is for types that hold no data: left out when encoded.
func directUnsupported(s spec) direct {
	return direct{
		append: func(dst []byte, _ slot, _ int) ([]byte, error) { return dst, nil },
		read:   readUnsupported(s),
	}
}
