package docs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
)

func Example_conditions() {
	ctx := context.Background()
	h := openHotel(ctx)
	b := Booking{Guest: "ann", ID: "1"}

	_, err := h.bookings.Update(ctx, b, bookingStatus.Set("paid"), expr.If(bookingStatus.Eq("open"), bookingNights.Ge(1)))
	fmt.Println(err)
	_, err = h.bookings.Update(ctx, b, bookingStatus.Set("paid"), expr.If(bookingStatus.Eq("open")))
	stored, _ := dynox.OldItem[Booking](err)
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed), stored.Status)

	short := expr.Any(bookingNights.Lt(2), bookingStatus.In("open", "asked")).And(bookingRoom.Ne("101"))
	for b, err := range h.bookings.Query(ctx, BookingKey.In(Booking{Guest: "ann"}).Filter(short)) {
		fmt.Println(b.ID, err)
	}

	err = h.bookings.Delete(ctx, b, expr.If(expr.Not(expr.Prefix(bookingRoom, "1"))))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))

	err = h.rooms.Put(ctx, &Room{Number: "101", Beds: 3}, expr.If(roomFree.GtAttr(roomBeds)))
	fmt.Println(err)

	err = h.rooms.Put(ctx, &Room{Number: "102"}, expr.If(expr.Raw[Room]("#f BETWEEN ? AND ?", roomFree, 40, 50)))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))

	err = h.rooms.Put(ctx, &Room{Number: "103", Beds: 2}, expr.If(roomBeds.Ne(2))) // there was no such room
	fmt.Println(err)
	err = h.rooms.Put(ctx, &Room{Number: "104", Beds: 2}, expr.If(roomBeds.Ne(2), roomBeds.Exists()))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))
	err = h.rooms.Put(ctx, &Room{Number: "104", Beds: 2}, expr.If(roomBeds.Ge(2)))
	fmt.Println(errors.Is(err, dynox.ErrConditionFailed))
	err = h.rooms.Put(ctx, &Room{Number: "104", Beds: 2}, expr.If(expr.Not(roomBeds.Lt(2))))
	fmt.Println(err)
	// Output:
	// <nil>
	// true paid
	// 2 <nil>
	// true
	// <nil>
	// true
	// <nil>
	// true
	// true
	// <nil>
}

type Diary struct {
	ID      string            `dynamodbav:"id"`
	Lines   []string          `dynamodbav:"lines"`
	Tags    []string          `dynamodbav:"tags,omitempty,stringset"`
	Marks   map[string]string `dynamodbav:"marks,omitempty"`
	Read    int               `dynamodbav:"read"`
	Limit   int               `dynamodbav:"limit"`
	Comment string            `dynamodbav:"comment,omitempty"`
}

var (
	diary        = expr.Proto[Diary]()
	diaryID      = expr.At(diary, &diary.ID)
	diaryLines   = expr.At(diary, &diary.Lines)
	diaryTags    = expr.At(diary, &diary.Tags)
	diaryMarks   = expr.At(diary, &diary.Marks)
	diaryRead    = expr.At(diary, &diary.Read)
	diaryLimit   = expr.At(diary, &diary.Limit)
	diaryComment = expr.At(diary, &diary.Comment)
)

func Example_updates() {
	ctx := context.Background()
	h := openHotel(ctx)
	diaries := mustRepo(dynox.NewRepo(h.table, dynox.Key[Diary]{
		Partition: dynox.Composite("pk", "DIARY#{}", diaryID), Sort: dynox.Const[Diary]("sk", "DIARY"),
	}))
	succeed(diaries.Put(ctx, &Diary{ID: "1", Lines: []string{"first"}, Comment: "draft"}))

	d, err := diaries.Update(ctx, Diary{ID: "1"},
		expr.Add(diaryRead, 1),
		expr.Append(diaryLines, "second", "third"),
		expr.AddToSet(diaryTags, "travel"),
		expr.EnsureMap(diaryMarks),
		diaryLimit.SetTo(expr.Plus(diaryRead, expr.Value[Diary](10))),
		diaryComment.Remove(),
	)
	fmt.Println(d.Read, d.Lines, d.Tags, d.Limit, d.Comment == "", err)

	d, err = diaries.Update(ctx, d, expr.Entry(diaryMarks, "spring").Set("page 3"), expr.Elem(diaryLines, 0).Set("First"))
	fmt.Println(d.Marks, d.Lines, err)

	done := diaryComment.Set("done").And(expr.Add(diaryRead, 1)) // updates are values
	d, err = diaries.Update(ctx, d, done, expr.If(diaryComment.Missing()))
	fmt.Println(d.Comment, d.Read, err)

	_, err = diaries.Update(ctx, Diary{ID: "2"}, done)
	fmt.Println(errors.Is(err, dynox.ErrNotFound))

	succeed(diaries.Put(ctx, &Diary{ID: "3"})) // lines are NULL
	_, err = diaries.Update(ctx, Diary{ID: "3"}, expr.Append(diaryLines, "first"))
	fmt.Println(errors.Is(err, dynox.ErrPath))
	succeed(diaries.Put(ctx, &Diary{ID: "3", Lines: []string{}}))
	d, err = diaries.Update(ctx, Diary{ID: "3"}, expr.Append(diaryLines, "first"))
	fmt.Println(d.Lines, err)
	// Output:
	// 1 [first second third] [travel] 10 true <nil>
	// map[spring:page 3] [First second third] <nil>
	// done 2 <nil>
	// true
	// true
	// [first] <nil>
}

func Example_updatesTracked() {
	ctx := context.Background()
	h := openHotel(ctx)
	b, err := h.bookings.Load(ctx, Booking{Guest: "ann", ID: "1"})
	succeed(err)
	b.V.Nights++
	b.V.Status = "paid"
	fmt.Println(b.Changed())
	fmt.Println(b.Save(ctx), b.Changed())
	// Output:
	// [nights status]
	// <nil> []
}

type Slip struct {
	ID     string `dynamodbav:"id"`
	Nights int    `dynamodbav:"nights"`
}

func Example_projections() {
	ctx := context.Background()
	h := openHotel(ctx)

	b, err := h.bookings.Get(ctx, Booking{Guest: "ann", ID: "1"}, dynox.Only(bookingRoom, bookingNights))
	fmt.Printf("%q %q %d %v\n", b.Status, b.Room, b.Nights, err)

	for s, err := range dynox.Into[Slip](ctx, h.bookings, BookingKey.In(Booking{Guest: "ann"})) {
		fmt.Println(s.ID, s.Nights, err)
	}
	// Output:
	// "" "101" 2 <nil>
	// 1 2 <nil>
	// 2 1 <nil>
}
