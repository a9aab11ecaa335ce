package person

// SetCommon lets a test call words common that few people have; it returns what undoes it.
func SetCommon(n int) func() {
	was := common
	common = n
	return func() { common = was }
}

// SetMany lets a test say from how many on a search works in memory; it returns what undoes it.
func SetMany(n int) func() {
	was := many
	many = n
	return func() { many = was }
}
