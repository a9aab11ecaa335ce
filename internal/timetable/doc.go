// Package timetable finds what clashes in a timetable: rooms, trainers and devices that are wanted twice, groups that do
// not fit, and sessions at a time when nobody comes. It knows no database: it is given what there is.
package timetable
