package memtable

// ttl says which attribute, if any, holds the time at which items expire.
type ttl struct {
	enabled   bool
	attribute string
}

// ttlInput is UpdateTimeToLive's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
type ttlInput struct {
	table     opt[string]
	specified bool
	enabled   opt[bool]
	attribute opt[string]
}

func (in *ttlInput) member(d *decoder, name string) {
	switch name {
	case "TableName":
		in.table = d.string()
	case "TimeToLiveSpecification":
		in.specified = d.object("TimeToLiveSpecification", func(name string) {
			switch name {
			case "Enabled":
				in.enabled = d.bool()
			case "AttributeName":
				in.attribute = d.string()
			default:
				d.skip()
			}
		})
	default:
		d.skip()
	}
}

func (in *ttlInput) check() error {
	c := &constraints{}
	if c.notNull("timeToLiveSpecification", in.specified) {
		if c.notNull("timeToLiveSpecification.attributeName", in.attribute.ok) {
			c.length("timeToLiveSpecification.attributeName", in.attribute.v, 1, 255)
		}
		c.notNull("timeToLiveSpecification.enabled", in.enabled.ok)
	}
	c.tableName("tableName", in.table)
	return c.err()
}

// updateTimeToLive answers UpdateTimeToLive.
func (e *Engine) updateTimeToLive(in *ttlInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status(now) != statusActive {
		return inUse("Attempt to change a resource which is still in use: Table is being updated: %s", t.name)
	}
	switch {
	case in.enabled.v && t.ttl.enabled:
		return invalid("TimeToLive is already enabled")
	case !in.enabled.v && !t.ttl.enabled:
		return invalid("TimeToLive is already disabled")
	case !in.enabled.v && in.attribute.v != t.ttl.attribute:
		return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl.attribute)
	}
	t.ttl = ttl{enabled: in.enabled.v, attribute: in.attribute.v}
	w.beginObject()
	w.object("TimeToLiveSpecification")
	w.bool("Enabled", in.enabled.v)
	w.text("AttributeName", in.attribute.v)
	w.endObject()
	w.endObject()
	return nil
}

// describeTimeToLive answers DescribeTimeToLive.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTimeToLive.html
func (e *Engine) describeTimeToLive(in *tableInput, w *writer) error {
	t, err := e.find(in.table.v, e.now())
	if err != nil {
		return err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	w.beginObject()
	w.object("TimeToLiveDescription")
	if t.ttl.enabled {
		w.text("TimeToLiveStatus", "ENABLED")
		w.text("AttributeName", t.ttl.attribute)
	} else {
		w.text("TimeToLiveStatus", "DISABLED")
	}
	w.endObject()
	w.endObject()
	return nil
}
