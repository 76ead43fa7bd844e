package memtable

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
)

// maxTags is how many tags a table may have.
const maxTags = 50

type tag struct{ key, value string }

func (d *decoder) tags() (out opt[[]tag]) {
	out.ok = d.list(func(int) {
		var t tag
		d.item("Tag", func(name string) {
			switch name {
			case "Key":
				t.key = d.string().v
			case "Value":
				t.value = d.string().v
			default:
				d.skip()
			}
		})
		out.v = append(out.v, t)
	})
	return out
}

// tagsInput is the request of TagResource, UntagResource and ListTagsOfResource.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
type tagsInput struct {
	arn  opt[string]
	tags opt[[]tag]
	keys opt[[]string]
}

func (in *tagsInput) member(d *decoder, name string) {
	switch name {
	case "ResourceArn":
		in.arn = d.string()
	case "Tags":
		in.tags = d.tags()
	case "TagKeys":
		in.keys = d.strings()
	default:
		d.skip()
	}
}

func (in *tagsInput) check() error {
	if !in.arn.ok {
		return invalid("Invalid TableArn")
	}
	return nil
}

var tableARN = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[^:]+:\d+:table/[a-zA-Z0-9_.-]{3,255}$`)

// tagged returns the table of a request's ARN, or says why the caller may not use it. empty is what the
// service complains about, with message, once the ARN has the right form.
func (e *Engine) tagged(operation string, in *tagsInput, empty bool, message string) (*table, error) {
	switch {
	case !tableARN.MatchString(in.arn.v):
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", in.arn.v)
	case empty:
		return nil, invalid("%s", message)
	}
	t, err := e.find(in.arn.v, e.now())
	if err != nil && operation == "ListTagsOfResource" || err == nil && t.arn != in.arn.v {
		return nil, e.denied(operation, in.arn.v)
	}
	if err != nil && operation == "UntagResource" {
		return nil, notFound("Requested resource not found")
	}
	if err != nil {
		return nil, notFound("Requested resource not found: ResourcArn: " + in.arn.v + " not found")
	}
	return t, nil
}

func (e *Engine) denied(operation, resource string) error {
	return &apiError{status: http.StatusBadRequest, code: inService + "AccessDeniedException",
		message: "User: arn:aws:iam::" + e.account + ":user/memtable is not authorized to perform: dynamodb:" +
			operation + " on resource: " + resource}
}

// tagResource answers TagResource.
func (e *Engine) tagResource(in *tagsInput, w *writer) error {
	c := &constraints{}
	if !c.notNull("tags", in.tags.ok) {
		return c.err()
	}
	t, err := e.tagged("TagResource", in, len(in.tags.v) == 0, "Atleast one Tag needs to be provided as Input.")
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	merged := slices.Clone(t.tags)
	for _, add := range in.tags.v {
		merged = append(slices.DeleteFunc(merged, func(old tag) bool { return old.key == add.key }), add)
	}
	if len(merged) > maxTags {
		return limitExceeded("One or more parameter values were invalid: Too many tags: the limit is %d per resource", maxTags)
	}
	t.tags = merged
	return nil
}

// untagResource answers UntagResource.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UntagResource.html
func (e *Engine) untagResource(in *tagsInput, w *writer) error {
	c := &constraints{}
	if !c.notNull("tagKeys", in.keys.ok) {
		return c.err()
	}
	t, err := e.tagged("UntagResource", in, len(in.keys.v) == 0, "Atleast one Tag Key needs to be provided as Input.")
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tags = slices.DeleteFunc(slices.Clone(t.tags), func(old tag) bool { return slices.Contains(in.keys.v, old.key) })
	return nil
}

// listTagsOfResource answers ListTagsOfResource.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html
func (e *Engine) listTagsOfResource(in *tagsInput, w *writer) error {
	t, err := e.tagged("ListTagsOfResource", in, false, "")
	if err != nil {
		return err
	}
	t.mu.RLock()
	tags := slices.SortedFunc(slices.Values(t.tags), func(a, b tag) int { return cmp.Compare(a.key, b.key) })
	t.mu.RUnlock()
	w.beginObject()
	w.tags(tags)
	w.endObject()
	return nil
}

func (w *writer) tags(tags []tag) {
	w.array("Tags")
	for _, t := range tags {
		w.beginObject()
		w.text("Key", t.key)
		w.text("Value", t.value)
		w.endObject()
	}
	w.endArray()
}
