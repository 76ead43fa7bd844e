package memtable

import "time"

// ttlInterval is how long the service refuses to change the time to live of a table again.
const ttlInterval = 30 * time.Minute

// ttl says which attribute, if any, holds the time at which items expire.
type ttl struct {
	enabled   bool
	attribute string
	changed   time.Time // when it last was; zero if it never was
	ready     time.Time // when the change has been made
}

func (l ttl) status(now time.Time) string {
	switch changing := now.Before(l.ready); {
	case l.enabled && changing:
		return "ENABLING"
	case l.enabled:
		return "ENABLED"
	case changing:
		return "DISABLING"
	}
	return "DISABLED"
}

// checkChange checks a request against the time to live as it is.
func (l ttl) checkChange(in *ttlInput, now time.Time) error {
	switch {
	case !in.enabled.v && !l.enabled:
		return invalid("TimeToLive is already disabled")
	case l.enabled && in.attribute.v != l.attribute:
		return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", l.attribute)
	case in.enabled.v && l.enabled:
		return invalid("TimeToLive is already enabled")
	case !l.changed.IsZero() && now.Before(l.changed.Add(ttlInterval)):
		return invalid("Time to live has been modified multiple times within a fixed interval")
	}
	return nil
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

// updateTimeToLive answers UpdateTimeToLive. What is wrong with the request is reported before that it
// comes too soon after the last one.
func (e *Engine) updateTimeToLive(in *ttlInput, w *writer) error {
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.status(now) {
	case statusCreating:
		return inUse("Attempt to change a resource which is still in use: Table is being created: %s", t.name)
	case statusDeleting:
		return inUse("Attempt to change a resource which is still in use: Table is being deleted: %s", t.name)
	}
	if err := t.ttl.checkChange(in, now); err != nil {
		return err
	}
	t.ttl = ttl{enabled: in.enabled.v, attribute: in.attribute.v, changed: now, ready: now.Add(e.delay)}
	if t.ttl.enabled {
		t.data.expireBy(t.ttl.attribute, t.ttl.ready, e.ttlDelay, now)
	} else {
		t.data.expireBy("", now, 0, now)
	}
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
	now := e.now()
	t, err := e.find(in.table.v, now)
	if err != nil {
		return err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if status := t.status(now); status == statusCreating || status == statusDeleting {
		return invalid("Cannot describe time to live while table is in %s state: Current table state is %s", status, status)
	}
	status := t.ttl.status(now)
	w.beginObject()
	w.object("TimeToLiveDescription")
	w.text("TimeToLiveStatus", status)
	if status != "DISABLED" {
		w.text("AttributeName", t.ttl.attribute)
	}
	w.endObject()
	w.endObject()
	return nil
}
