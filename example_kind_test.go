package dynox_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynox-go/dynox"
	"github.com/dynox-go/dynox/expr"
	"github.com/dynox-go/dynox/memtable"
)

// Two kinds share a table, and an item collection: each repository sees its
// own.
func ExampleKind() {
	users, invoices := shop()
	ctx := context.Background()
	u, err := users.Get(ctx, User{ID: "1"})
	fmt.Println(u.Name, err)
	n, err := invoices.Count(ctx, InvoiceKey.In(Invoice{User: "1"}))
	fmt.Println(n, err)
	// Output:
	// Ada <nil>
	// 5 <nil>
}

// Kinds under one key, told apart by an attribute that the table has already.
func ExampleKindOption_In() {
	type Cat struct {
		Name string `dynamodbav:"name"`
		Type string `dynamodbav:"type"` // holds the kind after reads and writes
	}
	type Dog struct {
		Name string `dynamodbav:"name"`
	}
	cat, dog := expr.Proto[Cat](), expr.Proto[Dog]()
	table := dynox.NewTable(memtable.Open().Client(), "pets")
	cats, err := dynox.NewRepo(table, dynox.Key[Cat]{Partition: dynox.By(expr.At(cat, &cat.Name))},
		dynox.Kind[Cat]("cat").In("type"))
	check(err)
	dogs, err := dynox.NewRepo(table, dynox.Key[Dog]{Partition: dynox.By(expr.At(dog, &dog.Name))},
		dynox.Kind[Dog]("dog").In("type"))
	check(err)
	ctx := context.Background()
	check(table.Ensure(ctx, cats, dogs))
	tom := Cat{Name: "Tom"}
	check(cats.Put(ctx, &tom))
	fmt.Println(tom.Type)
	_, err = dogs.Get(ctx, Dog{Name: "Tom"})
	fmt.Println(errors.Is(err, dynox.ErrNotFound))
	fmt.Println(dogs.Put(ctx, &Dog{Name: "Tom"}))
	// Output:
	// cat
	// true
	// dynox: put pets: dog: condition failed: an item of another kind is stored there
}

// A table that others made, in which nothing but the keys tells what an item is.
func ExampleKindByKey() {
	type Album struct {
		Artist string `dynamodbav:"artist"`
		Title  string `dynamodbav:"title"`
	}
	type Song struct {
		Artist string `dynamodbav:"artist"`
		Title  string `dynamodbav:"title"`
		N      int    `dynamodbav:"-"` // in the key only
	}
	album, song := expr.Proto[Album](), expr.Proto[Song]()
	albumKey := dynox.Key[Album]{
		Partition: dynox.Composite("pk", "ARTIST#{}", expr.At(album, &album.Artist)),
		Sort:      dynox.Composite("sk", "ALBUM#{}", expr.At(album, &album.Title)),
	}
	songKey := dynox.Key[Song]{
		Partition: dynox.Composite("pk", "ARTIST#{}", expr.At(song, &song.Artist)),
		Sort:      dynox.Composite("sk", "ALBUM#{}#SONG#{}", expr.At(song, &song.Title), expr.At(song, &song.N)),
	}
	ctx := context.Background()
	table := dynox.NewTable(memtable.Open().Client(), "music")
	albums, err := dynox.NewRepo(table, albumKey, dynox.KindByKey[Album]("album"))
	check(err)
	songs, err := dynox.NewRepo(table, songKey, dynox.KindByKey[Song]("song"))
	check(err)
	check(table.Ensure(ctx, albums, songs))
	check(albums.Put(ctx, &Album{"Nina", "Blue"}))
	check(songs.Put(ctx, &Song{"Nina", "Blue", 1}))
	check(songs.Put(ctx, &Song{"Nina", "Blue", 2}))

	for a, err := range albums.Query(ctx, albumKey.In(Album{Artist: "Nina"})) {
		fmt.Println(a, err)
	}
	for item, err := range dynox.Union[any](albums, songs).Query(ctx, albumKey.Collection(Album{Artist: "Nina"})) {
		fmt.Printf("%T %v %v\n", item, item, err)
	}
	// Output:
	// {Nina Blue} <nil>
	// dynox_test.Album {Nina Blue} <nil>
	// dynox_test.Song {Nina Blue 1} <nil>
	// dynox_test.Song {Nina Blue 2} <nil>
}
