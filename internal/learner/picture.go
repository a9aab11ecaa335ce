package learner

import (
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
)

// Pictures are what a learner chooses three of, in order. The shell draws each.
var Pictures = []string{"palm", "teapot", "star", "camel", "fish", "drum", "mountain", "key", "sun", "house", "book", "olive"}

// Picked is how many pictures are chosen.
const Picked = 3

// Animals and Colours make the avatars, "cat-red" and so on.
var (
	Animals = []string{"cat", "rabbit", "hedgehog", "tortoise", "bee", "donkey", "owl", "sheep", "butterfly", "frog"}
	Colours = []string{"red", "blue", "green", "yellow", "black", "white"}
)

// IsAvatar reports whether there is such an avatar.
func IsAvatar(s string) bool {
	animal, colour, _ := strings.Cut(s, "-")
	return slices.Contains(Animals, animal) && slices.Contains(Colours, colour)
}

// below is a random number below n.
func below(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("no randomness: " + err.Error())
	}
	return int(v.Int64())
}

// shuffled is a list in a random order.
func shuffled[T any](list []T) []T {
	out := slices.Clone(list)
	for i := len(out) - 1; i > 0; i-- {
		j := below(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// freeAvatar is one that nobody of a group has, of an animal that few have; "" when all are taken.
func freeAvatar(taken map[string]bool) string {
	few, best := len(taken)+1, ""
	for _, animal := range shuffled(Animals) {
		n, free := 0, ""
		for _, colour := range shuffled(Colours) {
			if a := animal + "-" + colour; taken[a] {
				n++
			} else {
				free = a
			}
		}
		if free != "" && n < few {
			few, best = n, free
		}
	}
	return best
}

// secretOf is what is hashed of three pictures in their order.
func secretOf(pictures []string) string { return strings.Join(pictures, " ") }
