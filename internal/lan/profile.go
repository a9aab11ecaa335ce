package lan

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"text/template"

	"tizi/internal/id"
)

// Profile returns a configuration profile with which Apple's devices install the authority: "Configuration Profile
// Reference", payload com.apple.security.root. It is not signed, so that the device shows the fingerprint and asks.
func (a *Authority) Profile() []byte {
	var b bytes.Buffer
	err := profile.Execute(&b, map[string]string{
		"Title": escaped(a.Title()), "Certificate": base64.StdEncoding.EncodeToString(a.cert.Raw),
		// Named after the certificate, so that the same one installed again replaces itself.
		"Root": id.Named(Fingerprint(a.cert.Raw), "root").String(), "Profile": id.Named(Fingerprint(a.cert.Raw), "profile").String(),
	})
	if err != nil {
		panic(err) // the template and its values are ours
	}
	return b.Bytes()
}

func escaped(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

var profile = template.Must(template.New("").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>tizi.cer</string>
			<key>PayloadContent</key>
			<data>{{.Certificate}}</data>
			<key>PayloadDisplayName</key>
			<string>{{.Title}}</string>
			<key>PayloadIdentifier</key>
			<string>org.tizi.authority.{{.Root}}</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>{{.Root}}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDisplayName</key>
	<string>{{.Title}}</string>
	<key>PayloadIdentifier</key>
	<string>org.tizi.profile.{{.Profile}}</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>{{.Profile}}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
`))
