// Package list reads lists of people as schools and associations write them. It knows the headings they use in French,
// Arabic and English, finds out what each column holds, and turns a row into an Entry, or into Problems that a clerk can
// mend. What to do with an entry (add a person, bring one up to date, ask) is for others to decide; Keys and Seen give them
// the means. The package knows no data base and no clock.
package list
