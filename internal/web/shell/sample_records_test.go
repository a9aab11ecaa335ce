package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/records"
	"tizi/internal/web/shell"
)

func init() {
	centre := i18n.Text{i18n.FR: "Hay Salam", i18n.AR: "حي السلام", i18n.EN: "Hay Salam"}
	grants := func(p *i18n.Printer) []shell.Option {
		return []shell.Option{{Value: "statements/write", Label: p.T("records.may.statements_write")}, {Value: "statements/read/mine", Label: p.T("records.may.statements_read_mine")}, {Value: "statements/read", Label: p.T("records.may.statements_read")}, {Value: "state", Label: p.T("records.may.state")}, {Value: "all", Label: p.T("records.may.all")}}
	}
	row := records.Row{At: "18.03.2026 10:00", Who: "8f21c04a", Verb: "completed", What: "Qu’est-ce qu’un modèle ?", Tool: "Moodle", JSON: `{"id":"01a21ee7-26fc-7544-8aa4-a9ff5958f347","actor":{"account":{"homePage":"urn:tizi:agent","name":"01a21ee7-26fc-7544-8aa4-a9ff8f21c04a"}},"verb":{"id":"http://adlnet.gov/expapi/verbs/completed"},"object":{"id":"https://example.org/lesson/1"}}`}
	other := row
	other.Others = []string{row.JSON}
	gallery = append(gallery, []shown{
		{"records", "records/list", func(*i18n.Printer) any {
			return records.List{Rows: []records.Row{row, other}, Contested: 1, MoreURL: "#", ExportURL: "#", KeysURL: "#"}
		}},
		{"records-author", "records/list", func(*i18n.Printer) any { return records.List{Rows: []records.Row{row}, Bounded: true} }},
		{"records-none", "records/list", func(*i18n.Printer) any { return records.List{} }},
		{"records-wrong", "records/list", func(p *i18n.Printer) any {
			return records.List{Verb: "did", Errors: map[string]string{"verb": p.T("records.iri_wrong")}}
		}},
		{"records-keys", "records/keys", func(p *i18n.Printer) any {
			return records.Keys{Grants: grants(p), May: map[string]bool{"state": true}, Errors: map[string]string{}, Rows: []records.Key{
				{Name: "Moodle", ID: "01a21ee6-f671-78c6-8da7-f75592014ceb", May: p.T("records.may.all"), Made: "2026-03-12", Centre: centre, RevokeURL: "#"},
				{Name: "H5P", ID: "01a21ee6-f671-78c6-8da7-f75592014cec", May: p.T("records.may.state"), Made: "2026-03-12", Centre: centre, Revoked: "2026-03-14"}}}
		}},
		{"records-keys-wrong", "records/keys", func(p *i18n.Printer) any {
			return records.Keys{Grants: grants(p), Errors: map[string]string{"may": p.T("records.may_missing"), "name": p.T("records.name_missing")}}
		}},
		{"records-key", "records/key", func(*i18n.Printer) any {
			return records.Made{Name: "Moodle", Address: "https://tizi.example.org/xapi", Key: "01a21ee6-f671-78c6-8da7-f75592014ceb", Secret: "O9-UTSQnWoJAN0_Monou3WxjLdbp6in9HK0cs9mM7oY"}
		}},
	}...)
}
