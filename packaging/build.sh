#!/usr/bin/env bash
# Makes dist/tizi_VERSION_ARCH.deb for amd64 and arm64, beside each its program alone (for tizi release sign) and what that is made
# of (CycloneDX), and SHA256SUMS. The same commit gives the same bytes: the program is built without paths and ids, and all times
# are that of the commit. RELEASE_KEY is the public key of the releases that these programs take.
set -euo pipefail
cd "$(dirname "$0")/.."
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
version=${VERSION:-$(git describe --tags --match 'v*' --dirty 2>/dev/null || echo "0.0.0-$(git log -1 --format=%cd --date=format:%Y%m%d)-$(git rev-parse --short=8 HEAD)$(git diff --quiet HEAD || echo -dirty)")}
version=${version#v}
deb=${version//-/\~}
out=${OUT:-dist}
mkdir -p "$out"
for arch in ${ARCH:-amd64 arm64}; do
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  umask 022
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$version -X main.releaseKey=${RELEASE_KEY:-}" -o "$root/usr/bin/tizi" ./cmd/tizi
  install -D -m 644 packaging/debian/tizi.service "$root/lib/systemd/system/tizi.service"
  install -D -m 644 packaging/debian/tizi.default "$root/etc/default/tizi"
  install -D -m 644 packaging/debian/tizi.avahi "$root/etc/avahi/services/tizi.service"
  install -m 755 "$root/usr/bin/tizi" "$out/tizi_${version}_linux-$arch"
  (cd tools && go run ./sbom -program "$root/usr/bin/tizi" -version "$version" -lock ../ui/package-lock.json -at "$SOURCE_DATE_EPOCH" -out "$root/sbom")
  install -D -m 644 "$root/sbom" "$root/usr/share/doc/tizi/tizi.cdx.json"
  mv "$root/sbom" "$out/tizi_${version}_linux-$arch.cdx.json"
  install -D -m 644 LICENSE "$root/usr/share/doc/tizi/copyright"
  install -m 644 docs/*.md "$root/usr/share/doc/tizi/"
  mkdir -p "$root/DEBIAN"
  for script in preinst postinst prerm postrm; do install -m 755 packaging/debian/$script "$root/DEBIAN/$script"; done
  sed -i "s/@VERSION@/$deb/" "$root/DEBIAN/preinst"
  printf '%s\n' /etc/default/tizi /etc/avahi/services/tizi.service > "$root/DEBIAN/conffiles"
  sed -e "s/@VERSION@/$deb/; s/@ARCH@/$arch/; s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/" packaging/debian/control.in > "$root/DEBIAN/control"
  (cd "$root" && find etc lib usr -type f -print0 | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "$out/tizi_${deb}_$arch.deb" >/dev/null
  rm -rf "$root"
done
(cd "$out" && sha256sum tizi_*.deb tizi_*_linux-* > SHA256SUMS)
ls -l "$out"
