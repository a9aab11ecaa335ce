package timetable

import (
	"fmt"
	"math"
	"sync"
	"time"
	_ "time/tzdata" // a box may have no table of zones; Morocco leaves its hour each Ramadan

	"github.com/hablullah/go-prayer"
)

// Jumua is the name of the prayer of Friday noon.
const Jumua = "jumua"

// jumuaLasts is how many minutes the sermon and the prayer of Friday take.
const jumuaLasts = 60

// Method is how a country reckons its times of prayer.
type Method struct {
	Fajr, Isha   float64 // degrees of the sun below the horizon
	Noon, Sunset int     // minutes added
}

// spot is where and when times are reckoned for.
type spot struct {
	lat, lon float64
	zone     string
	method   Method
	year     int
}

// years are those reckoned already: a year takes a few milliseconds, and a place needs one or two.
var (
	yearsMu sync.Mutex // guards years
	years   = map[spot]map[string][]Prayer{}
)

// maxYears bounds what is remembered.
const maxYears = 64

// Prayers returns a function that gives the times of prayer of a day at a place, in minutes after midnight by the clocks
// of a zone (IANA). They are reckoned, not announced: a mosque may differ by a few minutes.
func Prayers(lat, lon float64, zone string, m Method) (func(date string) []Prayer, error) {
	at, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("times of prayer: %w", err)
	}
	// A tenth of a degree is some 25 seconds; neighbours share a year.
	lat, lon = math.Round(lat*10)/10, math.Round(lon*10)/10
	return func(date string) []Prayer {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil
		}
		key := spot{lat, lon, zone, m, day.Year()}
		yearsMu.Lock()
		defer yearsMu.Unlock()
		y, ok := years[key]
		if !ok {
			if len(years) >= maxYears {
				clear(years)
			}
			y = year(key, at)
			years[key] = y
		}
		return y[date]
	}, nil
}

// year reckons a year.
func year(s spot, at *time.Location) map[string][]Prayer {
	out := map[string][]Prayer{}
	// The library is given a zone without summer time: it panics in a year whose last day has another hour than its first.
	sun := time.FixedZone("sun", int(math.Round(s.lon/15))*60*60)
	list, err := prayer.Calculate(prayer.Config{
		Latitude: s.lat, Longitude: s.lon, Timezone: sun, TwilightConvention: &prayer.TwilightConvention{FajrAngle: s.method.Fajr, IshaAngle: s.method.Isha}, AsrConvention: prayer.Shafii,
		Corrections: prayer.ScheduleCorrections{Zuhr: time.Duration(s.method.Noon) * time.Minute, Maghrib: time.Duration(s.method.Sunset) * time.Minute},
	}, s.year)
	if err != nil {
		return out // a year out of reach has none
	}
	for _, d := range list {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			continue
		}
		var ps []Prayer
		for _, p := range []struct {
			name string
			at   time.Time
		}{{"fajr", d.Fajr}, {"dhuhr", d.Zuhr}, {"asr", d.Asr}, {"maghrib", d.Maghrib}, {"isha", d.Isha}} {
			if p.at.IsZero() { // the sun does not go that low
				continue
			}
			clock := p.at.In(at)
			minute := clock.Hour()*60 + clock.Minute()
			x := Prayer{Name: p.name, From: minute, To: minute}
			if p.name == "dhuhr" && day.Weekday() == time.Friday {
				x.Name, x.To = Jumua, minute+jumuaLasts
			}
			ps = append(ps, x)
		}
		out[d.Date] = ps
	}
	return out
}
