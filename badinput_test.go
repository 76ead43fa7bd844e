package dynox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/matryer/is"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// secret is a value that no error may show.
const secret = "s3cr3t"

func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	is := is.NewRelaxed(t)
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not in: %v", word, err)
		}
	}
	is.True(strings.HasPrefix(err.Error(), "dynox: "))
	is.True(!strings.Contains(err.Error(), secret))
}

func TestNewRepoRefuses(t *testing.T) {
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	key := dynox.Key[Order]{Partition: dynox.By(customer)}
	type anyOpts = []dynox.Option[Order]
	stray := expr.At(order, new(string))
	other := expr.Proto[Order]()
	for name, c := range map[string]struct {
		key   dynox.Key[Order]
		opts  anyOpts
		words []string
	}{
		"no key":                    {dynox.Key[Order]{}, nil, []string{"partition key"}},
		"stray pointer":             {dynox.Key[Order]{Partition: dynox.By(stray)}, nil, []string{"not the address of a field"}},
		"another proto's field":     {dynox.Key[Order]{Partition: dynox.By(expr.At(order, &other.ID))}, nil, []string{"not the address of a field"}},
		"zero attribute":            {dynox.Key[Order]{Partition: dynox.By(expr.Attr[Order, string]{})}, nil, []string{"zero Attr"}},
		"nil field":                 {dynox.Key[Order]{Partition: dynox.By[Order](nil)}, nil, []string{"zero Attr"}},
		"a map as key":              {dynox.Key[Order]{Partition: dynox.By(ship)}, nil, []string{"ship", "not M"}},
		"a set as key":              {dynox.Key[Order]{Partition: dynox.By(tags)}, nil, []string{"tags", "not SS"}},
		"a nested key":              {dynox.Key[Order]{Partition: dynox.By(city)}, nil, []string{"ship.city", "top"}},
		"several table keys":        {dynox.Key[Order]{Partition: dynox.By(customer, id)}, nil, []string{"Composite"}},
		"one attribute twice":       {dynox.Key[Order]{Partition: dynox.By(customer), Sort: dynox.By(customer)}, nil, []string{"customer", "twice"}},
		"too few placeholders":      {dynox.Key[Order]{Partition: dynox.Composite("pk", "A#", customer)}, nil, []string{"0 placeholders"}},
		"too many placeholders":     {dynox.Key[Order]{Partition: dynox.Composite("pk", "A#{}#{}", customer)}, nil, []string{"2 placeholders"}},
		"no separator":              {dynox.Key[Order]{Partition: dynox.Composite("pk", "{}{}", customer, id)}, nil, []string{"customer", "literal"}},
		"a slice in a composite":    {dynox.Key[Order]{Partition: dynox.Composite("pk", "{}", notes)}, nil, []string{"notes", "composite"}},
		"an entry in a composite":   {dynox.Key[Order]{Partition: dynox.Composite("pk", "{}", expr.Elem(notes, 0))}, nil, []string{"expr.At"}},
		"escaped key attribute":     {dynox.Key[Order]{Partition: dynox.By(dynox.Escaped(customer))}, nil, []string{"customer"}},
		"an index twice":            {key, anyOpts{ByStatus, ByStatus}, []string{"by-status", "twice"}},
		"a short index name":        {key, anyOpts{dynox.GSI("x", dynox.Key[Order]{Partition: dynox.By(status)})}, []string{"3 to 255"}},
		"a local index without one": {key, anyOpts{dynox.LSI("lsi", dynox.Key[Order]{Sort: dynox.By(total)})}, []string{"table with a sort key"}},
		"composed in two ways": {dynox.Key[Order]{Partition: dynox.Composite("pk", "A#{}", customer)}, anyOpts{
			dynox.GSI("other", dynox.Key[Order]{Partition: dynox.Composite("pk", "B#{}", customer)}),
		}, []string{"pk", "two ways"}},
		"kind in a key":      {key, anyOpts{dynox.Kind[Order]("order").In("customer")}, []string{"customer"}},
		"composed of itself": {dynox.Key[Order]{Partition: dynox.Composite("id", "X#{}", id)}, nil, []string{"id", "itself"}},
		"composed, and itself": {key, anyOpts{
			dynox.GSI("one", dynox.Key[Order]{Partition: dynox.By(status)}),
			dynox.GSI("two", dynox.Key[Order]{Partition: dynox.Composite("status", "S#{}", id)}),
		}, []string{"status", "another"}},
		"kind over a composed key": {key, anyOpts{
			dynox.GSI("two", dynox.Key[Order]{Partition: dynox.Composite("kind", "S#{}", id)}), dynox.Kind[Order]("order"),
		}, []string{"kind", "composed"}},
		"two kinds":        {key, anyOpts{dynox.Kind[Order]("a"), dynox.Kind[Order]("b")}, []string{"kind", "twice"}},
		"a kind nowhere":   {key, anyOpts{dynox.Kind[Order]("a").In("")}, []string{"kind"}},
		"an empty kind":    {key, anyOpts{dynox.Kind[Order]("")}, []string{"kind"}},
		"kind in a number": {key, anyOpts{dynox.Kind[Order]("order").In("total")}, []string{"total"}},
		"a wrong format":   {key, anyOpts{dynox.UnixMilli(total)}, []string{"total"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dynox.NewRepo(table, c.key, c.opts...)
			refused(t, err, append(c.words, "new repository shop")...)
		})
	}
	t.Run("everything at once", func(t *testing.T) {
		_, err := dynox.NewRepo(table, dynox.Key[Order]{Partition: dynox.By(ship), Sort: dynox.Composite("sk", "{}{}", id)},
			dynox.UnixMilli(total), dynox.Unpadded(total), dynox.GSI("x", dynox.Key[Order]{Partition: dynox.By(stray)}))
		refused(t, err, "ship", "2 placeholders", "total: ", "in none", "index x", "not the address")
	})
}

func TestNewRepoRefusesTypes(t *testing.T) {
	table := dynox.NewTable(memtable.New(t).Client(), "shop")
	_, err := dynox.NewRepo(table, dynox.Key[string]{Partition: dynox.Const[string]("pk", "x")})
	refused(t, err, "string is not a struct")
	_, err = dynox.NewRepo(table, dynox.Key[*Order]{Partition: dynox.Const[*Order]("pk", "x")})
	refused(t, err, "not a struct")
	type Duplicate struct {
		A string `dynamodbav:"x"`
		B string `dynamodbav:"x"`
	}
	_, err = dynox.NewRepo(table, dynox.Key[Duplicate]{Partition: dynox.Const[Duplicate]("pk", "x")})
	refused(t, err, "x")
	type Hidden struct {
		A string `dynamodbav:"a"`
		b string `dynamodbav:"b"`
	}
	_, err = dynox.NewRepo(table, dynox.Key[Hidden]{Partition: dynox.Const[Hidden]("pk", Hidden{b: "x"}.b)})
	refused(t, err, "b")
	type Wrong struct {
		A int `dynamodbav:"a,stringset"`
	}
	_, err = dynox.NewRepo(table, dynox.Key[Wrong]{Partition: dynox.Const[Wrong]("pk", "x")})
	refused(t, err, "stringset")
	_, err = dynox.NewRepo(dynox.NewTable(nil, ""), OrderKey)
	refused(t, err, "client", "3 characters")
	_, err = dynox.NewRepo(nil, OrderKey)
	refused(t, err, "nil table")
	_, err = dynox.NewRepo(dynox.NewTable(memtable.New(t).Client(), "shop", dynox.SealCursors([]byte("short"))), OrderKey)
	refused(t, err, "5 bytes")
}

func TestCallsRefuse(t *testing.T) {
	engine, orders := faulty(t)
	ctx := t.Context()
	mine := OrderKey.In(Order{Customer: secret})
	query := func(q dynox.Query[Order]) func() error {
		return func() error {
			for _, err := range orders.Query(ctx, q) {
				return err
			}
			return nil
		}
	}
	full := Order{Customer: secret, ID: secret, Placed: day(1)}
	put := func(change func(*Order)) func() error {
		return func() error {
			o := full
			change(&o)
			return orders.Put(ctx, &o)
		}
	}
	update := func(actions ...expr.Action[Order]) func() error {
		return func() error {
			_, err := orders.Update(ctx, full, actions...)
			return err
		}
	}
	otherKey := dynox.Key[Order]{Partition: dynox.By(customer)}
	otherIndex := dynox.GSI("by-status", dynox.Key[Order]{Partition: dynox.By(status)})
	for name, c := range map[string]struct {
		call  func() error
		words []string
	}{
		"nil item":                 {func() error { return orders.Put(ctx, nil) }, []string{"put", "nil item"}},
		"empty partition input":    {put(func(o *Order) { o.Customer = "" }), []string{"customer", "not set"}},
		"empty sort inputs":        {put(func(o *Order) { o.ID, o.Placed = "", time.Time{} }), []string{"id, placed", "not set"}},
		"literal in a component":   {put(func(o *Order) { o.Placed = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }), []string{"placed", "9999"}},
		"invalid UTF-8 in a key":   {put(func(o *Order) { o.ID = secret + "\xff" }), []string{"id", "UTF-8"}},
		"highest code point":       {put(func(o *Order) { o.ID = secret + "\U0010FFFF" }), []string{"id", "U+10FFFF"}},
		"over-long partition key":  {put(func(o *Order) { o.Customer = strings.Repeat(secret, 400) }), []string{"pk", "2048"}},
		"over-long sort key":       {put(func(o *Order) { o.ID = strings.Repeat(secret, 200) }), []string{"sk", "1024"}},
		"over-long index key":      {put(func(o *Order) { o.Status = Status(strings.Repeat(secret, 400)) }), []string{"by-status", "status", "2048"}},
		"over 400 KB":              {put(func(o *Order) { o.Ship.Street = strings.Repeat(secret, 70_000) }), []string{"too large", "409600"}},
		"get without a key":        {func() error { _, err := orders.Get(ctx, Order{}); return err }, []string{"get", "customer, id, placed"}},
		"delete without a key":     {func() error { return orders.Delete(ctx, Order{Customer: "x"}) }, []string{"delete", "id, placed"}},
		"no actions":               {update(), []string{"update", "no actions"}},
		"only a condition":         {update(expr.If(total.Lt(3))), []string{"no actions"}},
		"one attribute twice":      {update(total.Set(1), expr.Add(total, 1)), []string{"total"}},
		"a map and what is in it":  {update(ship.Set(Address{}), city.Set(secret)), []string{"ship", "ship.city"}},
		"a key input":              {update(customer.Set(secret)), []string{"customer", "key"}},
		"a stray attribute":        {update(expr.At(order, new(int64)).Set(1)), []string{"not the address"}},
		"a key of a map":           {update(expr.Entry(labels, secret).Set("a"), expr.Entry(labels, secret).Set("b")), []string{"labels.*"}},
		"SetTo nil":                {update(total.SetTo(nil)), []string{"total"}},
		"a long sum":               {update(total.SetTo(expr.Plus(expr.Plus(total, total), total))), []string{"one + or -"}},
		"an empty query":           {query(dynox.Query[Order]{}), []string{"begins with In"}},
		"where on the partition":   {query(mine.Where(customer.Eq(secret))), []string{"customer", "In"}},
		"compared with itself":     {query(mine.Filter(total.EqAttr(total))), []string{"total", "itself"}},
		"a thousand values":        {query(mine.Filter(total.In(make([]int64, 1000)...))), []string{"4096"}},
		"no partition":             {query(OrderKey.In(Order{})), []string{"query", "customer"}},
		"where on another":         {query(mine.Where(total.Eq(1))), []string{"total", "Filter"}},
		"where without its elders": {query(mine.Where(id.Eq(secret))), []string{"placed", "id"}},
		"where twice":              {query(mine.Where(placed.Ge(day(1)), placed.Ge(day(2)))), []string{"one key condition"}},
		"where by or":              {query(mine.Where(placed.Ge(day(1)).Or(placed.Le(day(0))))), []string{"where"}},
		"where by in":              {query(mine.Where(placed.In(day(1), day(2)))), []string{"placed"}},
		"where on a set field":     {query(OrderKey.In(full).Where(placed.Ge(day(1)))), []string{"placed", "In"}},
		"filter on the key":        {query(ByStatus.In(Order{Status: New}).Filter(placed.Gt(day(1)))), []string{"placed", "Where"}},
		"a foreign key":            {query(otherKey.In(full)), []string{"not this repository's"}},
		"a foreign index":          {query(otherIndex.In(Order{Status: New})), []string{"by-status", "otherwise"}},
		"an unknown index":         {query(dynox.GSI("nope", otherKey).In(full)), []string{"nope"}},
		"consistent global read":   {query(ByStatus.In(Order{Status: New}).Consistent()), []string{"consistent"}},
		"negative limit":           {query(mine.Limit(-1)), []string{"Limit"}},
		"no cursor":                {query(mine.After("%%")), []string{"invalid cursor"}},
		"a damaged cursor":         {query(mine.After("AAAA")), []string{"invalid cursor"}},
		"only a stray attribute":   {query(mine.Only(expr.At(order, new(string)))), []string{"only"}},
		"raw without arguments":    {query(mine.Filter(expr.Raw[Order]("size(#tags) > ?"))), []string{"question marks"}},
		"raw with a value":         {query(mine.Filter(expr.Raw[Order]("#total > :x"))), []string{"?"}},
		"too many segments": {func() error {
			for _, err := range orders.Scan(ctx, dynox.All[Order]().Segments(2_000_000)) {
				return err
			}
			return nil
		}, []string{"segments"}},
	} {
		t.Run(name, func(t *testing.T) {
			engine.ForgetRequests()
			refused(t, c.call(), c.words...)
			if n := len(engine.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestCursorsOfOtherReads(t *testing.T) {
	is := is.New(t)
	engine, orders := faulty(t)
	ctx := t.Context()
	for n := 1; n <= 4; n++ {
		o := anOrder("42", n)
		is.NoErr(orders.Put(ctx, &o))
	}
	q := OrderKey.In(Order{Customer: "42"})
	page, err := orders.Page(ctx, q.Limit(2))
	is.NoErr(err)
	is.True(page.Next != "")
	sealed, err := dynox.NewRepo(dynox.NewTable(quick(engine), tableOf(t, orders), dynox.SealCursors(make([]byte, 32))), OrderKey, ByStatus)
	is.NoErr(err)
	for name, call := range map[string]func() error{
		"another partition": func() error {
			_, err := orders.Page(ctx, OrderKey.In(Order{Customer: "43"}).After(page.Next))
			return err
		},
		"another range": func() error { _, err := orders.Page(ctx, q.Where(placed.Ge(day(2))).After(page.Next)); return err },
		"an index": func() error {
			_, err := orders.Page(ctx, ByStatus.In(Order{Status: New}).After(page.Next))
			return err
		},
		"another table": func() error {
			_, err := orders.On(dynox.NewTable(quick(engine), "elsewhere")).Page(ctx, q.After(page.Next))
			return err
		},
		"a cut":         func() error { _, err := orders.Page(ctx, q.After(page.Next[:len(page.Next)-3])); return err },
		"more":          func() error { _, err := orders.Page(ctx, q.After(page.Next+"AAAA")); return err },
		"not sealed":    func() error { _, err := sealed.Page(ctx, q.After(page.Next)); return err },
		"not of a scan": func() error { _, err := first(orders.Scan(ctx, dynox.All[Order]().After(page.Next))); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := call()
			refused(t, err, "invalid cursor")
			is.New(t).True(errors.Is(err, dynox.ErrCursor))
		})
	}
	// Limits, filters, projections and the direction may differ.
	more, err := orders.Page(ctx, q.Filter(total.Gt(0)).Only(total).Limit(1).After(page.Next))
	is.NoErr(err)
	is.Equal(len(more.Items), 1)
	// Sealed cursors go round, and show nothing.
	page, err = sealed.Page(ctx, q.Limit(2))
	is.NoErr(err)
	rest, err := sealed.Page(ctx, q.After(page.Next))
	is.NoErr(err)
	is.Equal(len(rest.Items), 2)
	again, err := sealed.Page(ctx, q.Limit(2))
	is.NoErr(err)
	is.True(page.Next != again.Next)
}

func first[T any](seq func(func(T, error) bool)) (item T, err error) {
	for item, err = range seq {
		break
	}
	return item, err
}

// tableOf is the name of a repository's table, as its errors tell.
func tableOf[T any](t *testing.T, r *dynox.Repo[T]) string {
	t.Helper()
	var e *dynox.Error
	is.New(t).True(errors.As(r.Put(t.Context(), nil), &e))
	return e.Table
}

func TestItemsThatCannotBeRead(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := newTable(t, client)
		orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, orders))
		for n := 1; n <= 5; n++ {
			o := anOrder("42", n)
			is.NoErr(orders.Put(ctx, &o))
		}
		sk := func(n int) string {
			return fmt.Sprintf("ORDER#2026-01-%02dT12:00:00.500000000Z#%c", n, rune('a'+n))
		}
		seed(t, client, table.Name(),
			map[string]any{"pk": "CUSTOMER#42", "sk": sk(2), "total": secret},
			map[string]any{"pk": "CUSTOMER#42", "sk": sk(4), "customer": secret},
		)
		q := OrderKey.In(Order{Customer: "42"})
		n := 0
		var bad *dynox.ItemError
		for o, err := range orders.Query(ctx, q) {
			if err != nil {
				refused(t, err, "total")
				is.True(errors.As(err, &bad))
				same(t, o, Order{})
				break
			}
			n++
		}
		is.Equal(n, 1)
		is.Equal(bad.N, 1)
		is.Equal(bad.Path, "total")
		// The cursor in the error leads past the item.
		got, err := first(orders.Query(ctx, q.After(bad.Cursor)))
		is.NoErr(err)
		is.Equal(got.ID, "d")
		var paths []string
		good := all(t, orders.Query(ctx, q.OnItemError(func(e *dynox.ItemError) error {
			paths = append(paths, e.Path)
			return nil
		})))
		is.Equal(len(good), 3)
		is.Equal(paths, []string{"total", "pk"})
		stop := errors.New("stop")
		_, err = first(orders.Query(ctx, q.Desc().Limit(2).OnItemError(func(*dynox.ItemError) error { return stop })))
		is.NoErr(err)
		_, err = orders.Page(ctx, q.OnItemError(func(*dynox.ItemError) error { return stop }))
		is.True(errors.Is(err, stop))
		_, err = orders.Get(ctx, anOrder("42", 2))
		is.True(errors.As(err, &bad))
		refused(t, err, "get", "total")
	})
}

func TestReadOnly(t *testing.T) {
	is := is.New(t)
	engine := memtable.New(t)
	table := dynox.NewTable(engine.Client(), "shop")
	orders, err := dynox.NewRepo(table, OrderKey, ByStatus)
	is.NoErr(err)
	is.NoErr(table.Ensure(t.Context(), orders))
	o := anOrder("42", 1)
	is.NoErr(orders.Put(t.Context(), &o))
	looking := orders.On(dynox.NewTable(engine.Client(), "shop", dynox.ReadOnly()))
	_, err = looking.Get(t.Context(), o)
	is.NoErr(err)
	engine.ForgetRequests()
	_, takeErr := looking.Take(t.Context(), o)
	_, updateErr := looking.Update(t.Context(), o, status.Set(Paid))
	for _, err := range []error{looking.Put(t.Context(), &o), looking.Delete(t.Context(), o), takeErr, updateErr} {
		is.True(errors.Is(err, dynox.ErrReadOnly))
	}
	is.Equal(len(engine.Requests()), 0)
	broken := orders.On(nil)
	_, err = broken.Get(t.Context(), o)
	refused(t, err, "nil table")
	_, err = first(broken.Query(t.Context(), OrderKey.In(o)))
	refused(t, err, "nil table")
	is.True(broken.Put(t.Context(), &o) != nil)
}

func TestEnsure(t *testing.T) {
	each(t, func(t *testing.T, client *dynamodb.Client) {
		is := is.New(t)
		ctx := t.Context()
		table := newTable(t, client)
		plain, err := dynox.NewRepo(table, OrderKey)
		is.NoErr(err)
		indexed, err := dynox.NewRepo(table, OrderKey, ByStatus)
		is.NoErr(err)
		is.NoErr(table.Ensure(ctx, plain))
		o := anOrder("42", 1)
		is.NoErr(plain.Put(ctx, &o))
		is.NoErr(table.Ensure(ctx, indexed)) // adds the index that is missing
		is.NoErr(table.Ensure(ctx, indexed))
		is.NoErr(indexed.Put(ctx, &o))
		is.Equal(len(all(t, indexed.Query(ctx, ByStatus.In(Order{Status: New})))), 1)
		other, err := dynox.NewRepo(table, dynox.Key[Order]{Partition: dynox.By(customer)})
		is.NoErr(err)
		refused(t, table.Ensure(ctx, other), "ensure", "its key is pk/sk, not customer")
		refused(t, table.Ensure(ctx, plain, other), "key attributes")
		local, err := dynox.NewRepo(table, OrderKey, dynox.LSI("late", dynox.Key[Order]{Sort: dynox.By(total)}))
		is.NoErr(err)
		refused(t, table.Ensure(ctx, local), "late")
		refused(t, table.Ensure(ctx), "no repositories")

		tagged := dynox.NewTable(client, table.Name(), dynox.Tags(map[string]string{"team": "x"}), dynox.DeletionProtection(false))
		is.NoErr(tagged.Ensure(ctx, indexed))
		plan, err := tagged.Plan(ctx, indexed)
		is.NoErr(err)
		is.Equal(plan.String(), "nothing to do")
	})
}
