package timetable

import "fmt"

// Clock reads an hour such as "14:30" as minutes after midnight.
func Clock(s string) (minutes int, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	return h*60 + m, h < 24 && m < 60
}

// Hour writes minutes after midnight as "14:30".
func Hour(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
