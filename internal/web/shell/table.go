package shell

// Sort is how one column of a table can be put in order.
type Sort struct {
	// URL shows the table by this column; empty means it cannot.
	URL string
	// Order is "ascending" or "descending" where the table stands so now.
	Order string
}

// Pager leads through a long list by the keys at its ends.
type Pager struct {
	Prev, Next string
	// Shown is how many rows stand here, Total how many there are; a Total of -1
	// is not counted and not shown.
	Shown, Total int
}

// Crumb is a step of the way to a page.
type Crumb struct {
	Name any
	URL  string
}

// header is what the template "th" is given.
type header struct {
	Label any
	Sort  Sort
	Class string
}

// heading makes a column's head: th LABEL SORT CLASS.
func heading(label any, sort Sort, class string) header {
	return header{Label: label, Sort: sort, Class: class}
}

// Empty is what stands where a list has nothing yet.
type Empty struct {
	Icon        string
	Title, Text any
	URL         string
	Button      any
}

func empty(icon string, title, text any) Empty { return Empty{Icon: icon, Title: title, Text: text} }

func withButton(url string, label any, e Empty) Empty {
	e.URL, e.Button = url, label
	return e
}

// Figure is a number with the list behind it.
type Figure struct {
	Value int64
	// URL is the list; empty for who may not see it.
	URL string
	// Hidden says that this reader is not shown the number: Few that it is smaller than five, otherwise that it would give
	// one away that is.
	Hidden, Few bool
	Unknown     bool // nobody here knows the number
}
