package course

import (
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tizi/internal/i18n"
)

// The decoder of this file tells all that is wrong with a file, each with its line, where the library's stops at the first or names
// Go types. Struct fields name theirs by the tag yaml:"name" or yaml:"name,required"; a field Line of int is set to where a value stands.

var textType = reflect.TypeFor[i18n.Text]()

var yamlLine = regexp.MustCompile(`line (\d+)`)

// decode reads a file into v, a pointer to a struct. It reports whether the file could be read at all.
func (k *check) decode(file string, b []byte, v any) bool {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		line := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
			if strings.Contains(err.Error(), "expected ','") { // the library counts these from zero
				line++
			}
		}
		why := err.Error()
		if i := strings.LastIndex(why, ": "); i >= 0 {
			why = why[i+2:]
		}
		k.fault(file, max(line, 1), "course.fault.yaml", "why", why)
		return false
	}
	if len(doc.Content) == 0 {
		k.fault(file, 1, "course.fault.empty")
		return false
	}
	before := len(k.Faults)
	k.value(file, doc.Content[0], reflect.ValueOf(v).Elem(), "")
	return len(k.Faults) == before || doc.Content[0].Kind == yaml.MappingNode
}

func (k *check) value(file string, n *yaml.Node, v reflect.Value, field string) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		k.fault(file, n.Line, "course.fault.alias")
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a name without a value
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		x := reflect.New(t.Elem())
		k.value(file, n, x.Elem(), field)
		v.Set(x)
	case t.Kind() == reflect.Struct:
		k.object(file, n, v, field)
	case t == textType && n.Kind != yaml.MappingNode:
		k.fault(file, n.Line, "course.fault.want_text", "field", field, "form", `{fr: "…", ar: "…"}`)
	case t.Kind() == reflect.Map:
		if n.Kind != yaml.MappingNode {
			k.fault(file, n.Line, "course.fault.want_map", "field", field)
			return
		}
		v.Set(reflect.MakeMap(t))
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i]
			key := reflect.ValueOf(name.Value).Convert(t.Key())
			if t.Key() == reflect.TypeFor[i18n.Lang]() && !slices.Contains(i18n.Langs, i18n.Lang(name.Value)) {
				k.fault(file, name.Line, "course.fault.language", "lang", name.Value)
				continue
			}
			if v.MapIndex(key).IsValid() {
				k.fault(file, name.Line, "course.fault.twice", "id", name.Value)
			}
			x := reflect.New(t.Elem()).Elem()
			k.value(file, n.Content[i+1], x, name.Value)
			if t == textType {
				if s := strings.TrimSpace(x.String()); s == "" {
					continue
				}
			}
			v.SetMapIndex(key, x)
		}
		if t == textType {
			k.says(file, n.Line, field, v)
		}
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			k.fault(file, n.Line, "course.fault.want_list", "field", field)
			return
		}
		for _, c := range n.Content {
			x := reflect.New(t.Elem()).Elem()
			k.value(file, c, x, field)
			v.Set(reflect.Append(v, x))
		}
	case n.Kind != yaml.ScalarNode:
		k.fault(file, n.Line, "course.fault.want_one", "field", field)
	case t.Kind() == reflect.String:
		v.SetString(strings.TrimSpace(n.Value))
	case t.Kind() == reflect.Bool:
		switch n.Value {
		case "true", "yes":
			v.SetBool(true)
		case "false", "no":
		default:
			k.fault(file, n.Line, "course.fault.want_bool", "field", field, "value", n.Value)
		}
	case t.Kind() == reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil || i < 0 || i > math.MaxInt32 {
			k.fault(file, n.Line, "course.fault.want_int", "field", field, "value", n.Value)
			return
		}
		v.SetInt(int64(i))
	case t.Kind() == reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			k.fault(file, n.Line, "course.fault.want_number", "field", field, "value", n.Value)
			return
		}
		v.SetFloat(f)
	}
}

// object reads a mapping into a struct.
func (k *check) object(file string, n *yaml.Node, v reflect.Value, field string) {
	if n.Kind != yaml.MappingNode {
		k.fault(file, n.Line, "course.fault.want_map", "field", field)
		return
	}
	fields, required := map[string]int{}, map[string]bool{}
	for i := range v.NumField() {
		name, opt, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name], required[name] = i, opt == "required"
		}
	}
	if f := v.FieldByName("Line"); f.IsValid() {
		f.SetInt(int64(n.Line))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		at, ok := fields[name.Value]
		switch {
		case !ok:
			k.fault(file, name.Line, "course.fault.unknown_field", "field", name.Value, "known", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			continue
		case seen[name.Value]:
			k.fault(file, name.Line, "course.fault.twice", "id", name.Value)
			continue
		}
		seen[name.Value] = true
		k.value(file, n.Content[i+1], v.Field(at), name.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		if required[name] && (!seen[name] || v.Field(fields[name]).IsZero() || v.Field(fields[name]).Kind() == reflect.Map && v.Field(fields[name]).Len() == 0) {
			k.fault(file, n.Line, "course.fault.required", "field", name)
		}
	}
}
