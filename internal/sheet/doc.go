// Package sheet reads the tables people really send: CSV from any spreadsheet in any of the usual encodings, and XLSX with
// titles above the headings and totals below the rows. It turns either into a stream of rows of trimmed text.
//
// Nothing is held but a window at the top of the file (to find the headings), a few rows at the bottom (to know a total
// when it comes), and for XLSX the workbook's shared strings. What a file is, is decided by its content; its name is used
// in messages only.
package sheet
