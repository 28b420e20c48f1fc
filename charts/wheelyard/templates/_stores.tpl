{{/* Where the four stores are, and who takes traces: what the values name, or those of `dev`. Put into *into*. Of: root, into.
     Each is host, port, peers (who it is to a NetworkPolicy; anybody where there are none); files: mounted path → secret and key. */}}
{{- define "wheelyard.stores" -}}
{{- $root := .root -}}
{{- $dev := $root.Values.dev -}}
{{- $full := include "wheelyard.fullname" $root -}}
{{- $known := printf "%s-dev" $full -}}
{{- $files := dict -}}
{{- $peers := dict -}}
{{- range $store := list "postgresql" "broker" "cache" "objectStorage" -}}
{{- $component := printf "dev-%s" ($store | kebabcase) -}}
{{- $_ := set $peers $store (list (dict "podSelector" (dict "matchLabels" (fromYaml (include "wheelyard.selector" (dict "root" $root "component" $component)))))) -}}
{{- end -}}

{{- $given := $root.Values.externalDatabase -}}
{{- $database := dict "port" (int $given.port) "peers" $given.egress "user" $given.user "name" $given.name "host" $given.host "ssl" $given.sslMode -}}
{{- if $dev.postgresql.enabled -}}
{{- $database = dict "host" (printf "%s-postgresql" $known) "port" 5432 "peers" $peers.postgresql "user" "wheelyard" "name" "wheelyard" "ssl" "disable" -}}
{{- $_ := set $files "database-password" (dict "name" $known "key" "database-password") -}}
{{- else -}}
{{- if $given.existingSecretUriKey -}}
{{- $_ := set $files "database-url" (dict "name" $given.existingSecret "key" $given.existingSecretUriKey) -}}
{{- else -}}
{{- $_ := set $files "database-password" (dict "name" $given.existingSecret "key" $given.existingSecretPasswordKey) -}}
{{- end -}}
{{- with $given.caSecret.name -}}
{{- $_ := set $files "database-ca.crt" (dict "name" . "key" $given.caSecret.key) -}}
{{- end -}}
{{- end -}}
{{- $_ := set .into "database" $database -}}

{{- range $redis := list "broker" "cache" -}}
{{- $given := get $root.Values $redis -}}
{{- $store := dict "host" $given.host "port" (int $given.port) "db" (int $given.db) "tls" $given.tls "username" $given.username "peers" $given.egress "ca" (not (empty $given.caSecret.name)) -}}
{{- if (get $dev $redis).enabled -}}
{{- $store = dict "host" (printf "%s-%s" $known $redis) "port" 6379 "db" 0 "tls" false "username" "" "peers" (get $peers $redis) "ca" false -}}
{{- $_ := set $files (printf "%s-password" $redis) (dict "name" $known "key" "redis-password") -}}
{{- else -}}
{{- if $given.existingSecretUriKey -}}
{{- $_ := set $files (printf "%s-url" $redis) (dict "name" $given.existingSecret "key" $given.existingSecretUriKey) -}}
{{- else if $given.existingSecret -}}
{{- $_ := set $files (printf "%s-password" $redis) (dict "name" $given.existingSecret "key" $given.existingSecretPasswordKey) -}}
{{- end -}}
{{- with $given.caSecret.name -}}
{{- $_ := set $files (printf "%s-ca.crt" $redis) (dict "name" . "key" $given.caSecret.key) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $.into $redis $store -}}
{{- end -}}

{{- $given := $root.Values.objectStorage -}}
{{- $endpoint := $dev.objectStorage.enabled | ternary (printf "http://%s-object-storage:9000" $known) $given.endpoint -}}
{{- $store := dict "endpoint" $endpoint "port" (int (include "wheelyard.portOf" $endpoint)) "peers" ($dev.objectStorage.enabled | ternary $peers.objectStorage $given.egress) -}}
{{- $secret := $dev.objectStorage.enabled | ternary $known $given.existingSecret -}}
{{- $_ := set $files "s3-access-key" (dict "name" $secret "key" ($dev.objectStorage.enabled | ternary "s3-access-key" $given.accessKeyIdKey)) -}}
{{- $_ := set $files "s3-secret-key" (dict "name" $secret "key" ($dev.objectStorage.enabled | ternary "s3-secret-key" $given.secretAccessKeyKey)) -}}
{{- with $given.caSecret.name -}}
{{- $_ := set $files "s3-ca.crt" (dict "name" . "key" $given.caSecret.key) -}}
{{- end -}}
{{- $_ := set .into "objectStorage" $store -}}
{{- with $root.Values.tracing -}}
{{- $_ := set $.into "tracing" (dict "port" (int (include "wheelyard.portOf" .endpoint)) "peers" .egress) -}}
{{- end -}}

{{- if or $root.Values.auth.existingSecret (not (include "wheelyard.dev" $root)) -}}
{{- $_ := set $files "token-pepper" (dict "name" $root.Values.auth.existingSecret "key" $root.Values.auth.tokenPepperKey) -}}
{{- else -}}
{{- $_ := set $files "token-pepper" (dict "name" $known "key" "token-pepper") -}}
{{- end -}}
{{- with $root.Values.auth.oidc.proxySecret.name -}}
{{- $_ := set $files "oidc-proxy" (dict "name" . "key" $root.Values.auth.oidc.proxySecret.key) -}}
{{- end -}}
{{- with $root.Values.auth.oidc.caSecret.name -}}
{{- $_ := set $files "oidc-ca.crt" (dict "name" . "key" $root.Values.auth.oidc.caSecret.key) -}}
{{- end -}}
{{- with $root.Values.auth.trustedRootSecret.name -}}
{{- $_ := set $files "trusted-root.json" (dict "name" . "key" $root.Values.auth.trustedRootSecret.key) -}}
{{- end -}}
{{- $_ := set .into "files" $files -}}
{{- end }}

{{/* "true" where any store of `dev` is on: the release is for a try. */}}
{{- define "wheelyard.dev" -}}
{{- $dev := .Values.dev -}}
{{- if or $dev.postgresql.enabled $dev.broker.enabled $dev.cache.enabled $dev.objectStorage.enabled -}}true{{- end -}}
{{- end }}

{{/* "true" where the migration goes elsewhere, or as somebody else, than the services. */}}
{{- define "wheelyard.migratesApart" -}}
{{- $migration := .Values.externalDatabase.migration -}}
{{- if and (not .Values.dev.postgresql.enabled) (or $migration.host $migration.port $migration.user $migration.existingSecret) -}}true{{- end -}}
{{- end }}

{{/* The database's address, without a password. Of: database, ca (whether there is a file of certificates). */}}
{{- define "wheelyard.databaseUrl" -}}
{{- $database := .database -}}
{{- $trusted := .ca | ternary "/run/wheelyard/secrets/database-ca.crt" "/etc/ssl/certs/ca-certificates.crt" -}}
postgresql://{{ $database.user }}@{{ $database.host }}:{{ $database.port }}/{{ $database.name }}?sslmode={{ $database.ssl }}{{ if hasPrefix "verify-" $database.ssl }}&sslrootcert={{ $trusted }}{{ end }}
{{- end }}

{{/* The port of an address of http or https. */}}
{{- define "wheelyard.portOf" -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- end }}

{{/* A Redis' address, without a password. Of: name, store. */}}
{{- define "wheelyard.redisUrl" -}}
{{- $store := .store -}}
{{ $store.tls | ternary "rediss" "redis" }}://{{ with $store.username }}{{ . }}@{{ end }}{{ $store.host }}:{{ $store.port }}/{{ $store.db }}
{{- if $store.tls }}?ssl_cert_reqs=required{{ if $store.ca }}&ssl_ca_certs=/run/wheelyard/secrets/{{ .name }}-ca.crt{{ end }}{{ end -}}
{{- end }}

{{/* What the services read from their environment, of which nothing is secret: docs/SETTINGS.md. */}}
{{- define "wheelyard.settings" -}}
{{- $stores := dict -}}
{{- include "wheelyard.stores" (dict "root" . "into" $stores) -}}
{{- $settings := dict "SPOOL_DIRECTORY" "/var/spool/wheelyard" "PUBLIC_URL" .Values.publicUrl "LISTEN" "0.0.0.0:8080" "METRICS_LISTEN" "0.0.0.0:9090" -}}
{{- range $key, $value := .Values.config -}}
{{- if kindIs "slice" $value }}{{ $value = join "," $value }}{{ end -}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}{{ $value = int64 $value }}{{ end -}}
{{- if ne (toString $value) "" }}{{ $_ := set $settings ($key | snakecase | upper) (toString $value) }}{{ end -}}
{{- end -}}
{{- $database := .Values.externalDatabase -}}
{{- $_ := set $settings "DATABASE_POOL_SIZE" (toString $database.pool.size) -}}
{{- $_ := set $settings "DATABASE_POOL_OVERFLOW" (toString $database.pool.overflow) -}}
{{- if not (hasKey $stores.files "database-url") -}}
{{- $_ := set $settings "DATABASE_URL" (include "wheelyard.databaseUrl" (dict "database" $stores.database "ca" (hasKey $stores.files "database-ca.crt"))) -}}
{{- end -}}
{{- range $redis := list "broker" "cache" -}}
{{- if not (hasKey $stores.files (printf "%s-url" $redis)) -}}
{{- $_ := set $settings (printf "%s_URL" (upper $redis)) (include "wheelyard.redisUrl" (dict "name" $redis "store" (get $stores $redis))) -}}
{{- end -}}
{{- end -}}
{{- $s3 := .Values.objectStorage -}}
{{- $_ := set $settings "S3_ENDPOINT" $stores.objectStorage.endpoint -}}
{{- with $s3.publicEndpoint }}{{ $_ := set $settings "S3_PUBLIC_ENDPOINT" . }}{{ end -}}
{{- $_ := set $settings "S3_REGION" $s3.region -}}
{{- $_ := set $settings "S3_BUCKET" $s3.bucket -}}
{{- with $s3.prefix }}{{ $_ := set $settings "S3_PREFIX" . }}{{ end -}}
{{- $_ := set $settings "S3_PATH_STYLE" (toString $s3.pathStyle) -}}
{{- with .Values.tracing -}}
{{- /* A small number would be 1e-05, which is not read. */}}
{{- if .endpoint }}{{ $_ := set $settings "TRACING_ENDPOINT" .endpoint }}{{ $_ := set $settings "TRACING_SAMPLE_RATIO" (regexReplaceAll "\\.?0+$" (printf "%.9f" (float64 .sampleRatio)) "") }}{{ end -}}
{{- end -}}
{{- with .Values.auth.oidc.issuers }}{{ $_ := set $settings "OIDC_ISSUERS" (toJson .) }}{{ end -}}
{{- with .Values.auth.oidc.audience }}{{ $_ := set $settings "OIDC_AUDIENCE" . }}{{ end -}}
{{- range $file, $_ := $stores.files -}}
{{- $name := $file | trimSuffix ".crt" | replace "-" "_" | upper -}}
{{- $path := printf "/run/wheelyard/secrets/%s" $file -}}
{{- if eq $file "trusted-root.json" }}{{ $_ := set $settings "SIGSTORE_TRUSTED_ROOT" $path -}}
{{- else if not (hasSuffix ".crt" $file) }}{{ $_ := set $settings (printf "%s_FILE" $name) $path -}}
{{- else if has $file (list "s3-ca.crt" "oidc-ca.crt") }}{{ $_ := set $settings (printf "%s_FILE" $name) $path }}{{ end -}}
{{- end -}}
{{- range $name, $value := $settings }}
WHEELYARD_{{ $name }}: {{ $value | quote }}
{{- end -}}
{{- end }}

{{/* The ConfigMap that a pod reads; a hook runs before those of the release are there. Of: root, program. */}}
{{- define "wheelyard.settingsName" -}}
{{- $full := include "wheelyard.fullname" .root -}}
{{- and .root.Values.migrations.useHelmHooks (eq .program "migrate") | ternary (printf "%s-migrate" $full) (printf "%s-settings" $full) -}}
{{- end }}

{{/* Annotations of what belongs to the migration, where it is a hook. Of: root, weight. */}}
{{- define "wheelyard.hook" -}}
{{- if .root.Values.migrations.useHelmHooks }}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}

{{/* Annotations of what belongs to `helm test`; a test that failed leaves its pod, and its log. */}}
{{- define "wheelyard.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
