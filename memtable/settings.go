package memtable

import "strings"

// settings are what a table, or in part a global index, has beside its keys and its provisioned capacity.
// The engine keeps and describes them; they change nothing of what it does.
type settings struct {
	most       rates // on demand, a second
	warm       rates
	encryption encryption
}

// settingsInput is settings as requests give them.
type settingsInput struct {
	most, warm opt[ratesInput]
	encryption opt[encryptionInput]
}

// rates are units a second, for reading and writing; 0 is none.
type rates struct{ read, write int64 }

type ratesInput struct{ read, write opt[int64] }

// encryption is which key of KMS encrypts the table: with an empty one, a key of the service.
type encryption struct{ key string }

type encryptionInput struct {
	enabled opt[bool]
	typ     opt[string]
	key     opt[string]
}

// member reads a member of a request, and reports whether it is one of these.
func (in *settingsInput) member(d *decoder, name string) bool {
	switch name {
	case "OnDemandThroughput":
		in.most = d.rates(name, "MaxReadRequestUnits", "MaxWriteRequestUnits")
	case "WarmThroughput":
		in.warm = d.rates(name, "ReadUnitsPerSecond", "WriteUnitsPerSecond")
	case "SSESpecification":
		in.encryption.ok = d.object(name, func(name string) {
			switch name {
			case "Enabled":
				in.encryption.v.enabled = d.bool()
			case "SSEType":
				in.encryption.v.typ = d.string()
			case "KMSMasterKeyId":
				in.encryption.v.key = d.string()
			default:
				d.skip()
			}
		})
	default:
		return false
	}
	return true
}

func (d *decoder) rates(shape, read, write string) (out opt[ratesInput]) {
	out.ok = d.object(shape, func(name string) {
		switch name {
		case read:
			out.v.read = d.integer("Long")
		case write:
			out.v.write = d.integer("Long")
		default:
			d.skip()
		}
	})
	return out
}

func (c *constraints) settings(path string, in settingsInput) {
	if in.encryption.ok && in.encryption.v.typ.ok {
		c.enum(path+"sSESpecification.sSEType", in.encryption.v.typ, "AES256, KMS")
	}
	if in.warm.ok {
		c.atLeast(path+"warmThroughput.readUnitsPerSecond", in.warm.v.read, 1)
		c.atLeast(path+"warmThroughput.writeUnitsPerSecond", in.warm.v.write, 1)
	}
}

// check finds what does not go together. onDemand is whether the table is, s what it has.
func (in settingsInput) check(onDemand bool, s settings) error {
	switch e := in.encryption.v; {
	case e.typ.v == "AES256":
		return invalidValue("SSEType AES256 is not supported")
	case e.key.ok && !e.enabled.v, e.typ.ok && !e.enabled.v:
		return invalidValue("SSEType and KMSMasterKeyId can only be specified when encryption is enabled")
	}
	if in.most.ok {
		m := in.most.v
		switch {
		case !onDemand:
			return invalidValue("OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
		case !m.read.ok && !m.write.ok:
			return invalidValue("At least one of MaxReadRequestUnits or MaxWriteRequestUnits must be specified")
		case m.read.ok && m.read.v < 1 && m.read.v != -1, m.write.ok && m.write.v < 1 && m.write.v != -1:
			return invalidValue("MaxReadRequestUnits and MaxWriteRequestUnits must be at least 1, or -1 for none")
		}
	}
	if in.warm.ok && (!in.warm.v.read.ok && !in.warm.v.write.ok ||
		in.warm.v.read.ok && in.warm.v.read.v < s.warm.read || in.warm.v.write.ok && in.warm.v.write.v < s.warm.write) {
		return invalidValue("Requested WarmThroughput is less than the current WarmThroughput")
	}
	return nil
}

// given reports whether a request has any.
func (in settingsInput) given() bool { return in.most.ok || in.warm.ok || in.encryption.ok }

// set changes s to what a request says.
func (s *settings) set(in settingsInput, keys string) {
	s.most.set(in.most.v)
	s.warm.set(in.warm.v)
	if !in.encryption.ok {
		return
	}
	s.encryption = encryption{}
	if e := in.encryption.v; e.enabled.v {
		s.encryption.key = e.key.v
		if !strings.HasPrefix(e.key.v, "arn:") {
			s.encryption.key = keys + e.key.or("00000000-0000-4000-8000-00000000d0b0")
		}
	}
}

func (u *rates) set(in ratesInput) {
	if in.read.ok {
		u.read = max(in.read.v, 0)
	}
	if in.write.ok {
		u.write = max(in.write.v, 0)
	}
}

// describe writes s, of something that has the given status.
func (s settings) describe(w *writer, status string) {
	s.most.describe(w, "OnDemandThroughput", "MaxReadRequestUnits", "MaxWriteRequestUnits", "")
	s.warm.describe(w, "WarmThroughput", "ReadUnitsPerSecond", "WriteUnitsPerSecond", status)
	if s.encryption.key != "" {
		w.object("SSEDescription")
		w.text("Status", "ENABLED")
		w.text("SSEType", "KMS")
		w.text("KMSMasterKeyArn", s.encryption.key)
		w.endObject()
	}
}

// snapshot writes s as a request that would make it.
func (s settings) snapshot(w *writer) {
	s.most.describe(w, "OnDemandThroughput", "MaxReadRequestUnits", "MaxWriteRequestUnits", "")
	s.warm.describe(w, "WarmThroughput", "ReadUnitsPerSecond", "WriteUnitsPerSecond", "")
	if s.encryption.key != "" {
		w.object("SSESpecification")
		w.bool("Enabled", true)
		w.text("KMSMasterKeyId", s.encryption.key)
		w.endObject()
	}
}

func (u rates) describe(w *writer, member, read, write, status string) {
	if u == (rates{}) {
		return
	}
	w.object(member)
	if u.read > 0 {
		w.int(read, u.read)
	}
	if u.write > 0 {
		w.int(write, u.write)
	}
	if status != "" {
		w.text("Status", status)
	}
	w.endObject()
}
