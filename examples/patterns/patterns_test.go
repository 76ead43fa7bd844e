package patterns_test

func check(err error) {
	if err != nil {
		panic(err)
	}
}
