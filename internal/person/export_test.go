package person

// SetCommon lets a test call words common that few people have; it returns what undoes it.
func SetCommon(n int) func() {
	was := common
	common = n
	return func() { common = was }
}
