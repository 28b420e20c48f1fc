{{/* The one shape of a pod. Of: root, component, program, values, name. */}}
{{- define "wheelyard.podTemplate" -}}
{{- $values := .values -}}
{{- $root := .root -}}
{{- $isOurs := ne .program "gateway" -}}
{{- $stores := dict -}}
{{- if $isOurs }}{{ include "wheelyard.stores" (dict "root" $root "into" $stores) }}{{ end -}}
{{- $waits := and $isOurs (not (has .program (list "migrate" "smoke" "robot"))) (gt (int $root.Values.migrations.waitTimeoutSeconds) 0) (not $root.Values.diagnosticMode.enabled) -}}
metadata:
  labels:
    {{- include "wheelyard.selector" . | nindent 4 }}
    app.kubernetes.io/part-of: {{ $root.Chart.Name }}
    {{- with merge (dict) $values.podLabels $root.Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- $config := $isOurs | ternary "wheelyard.settings" "wheelyard.gatewayFiles" }}
    checksum/config: {{ include $config $root | sha256sum }}
    {{- with merge (dict) $values.podAnnotations $root.Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "wheelyard.serviceAccount" . }}
  automountServiceAccountToken: {{ $values.serviceAccount.automountToken }}
  enableServiceLinks: false
  {{- with $root.Values.global.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "wheelyard.grace" . }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if has .program (list "migrate" "smoke" "robot") }}
  restartPolicy: {{ eq .program "migrate" | ternary "OnFailure" "Never" }}
  {{- end }}
  {{- with $values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ toYaml (hasKey . "labelSelector" | ternary . (merge (dict "labelSelector" (dict "matchLabels" (fromYaml (include "wheelyard.selector" $)))) .)) | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  {{- if or $waits $values.initContainers }}
  initContainers:
    {{- if $waits }}
    - name: wait-for-schema
      {{- include "wheelyard.container" . | nindent 6 }}
      command: [wheelyard-admin, wait-for-schema, --seconds, {{ int $root.Values.migrations.waitTimeoutSeconds | quote }}]
    {{- end }}
    {{- with $values.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .program }}
      {{- include "wheelyard.container" . | nindent 6 }}
      {{- include "wheelyard.command" . | nindent 6 }}
      {{- include "wheelyard.ports" . | nindent 6 }}
      {{- include "wheelyard.probes" . | nindent 6 }}
      {{- $stop := dict }}
      {{- if gt (int $values.preStopSeconds) 0 }}{{ $stop = dict "preStop" (dict "sleep" (dict "seconds" (int $values.preStopSeconds))) }}{{ end }}
      {{- with merge (dict) $values.lifecycle $stop }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if and (eq .program "migrate") (or $root.Values.objectStorage.createBucket $root.Values.dev.objectStorage.enabled) }}
    - name: make-bucket
      {{- include "wheelyard.container" . | nindent 6 }}
      command: [wheelyard-admin, make-bucket, --wait, {{ int $root.Values.migrations.activeDeadlineSeconds | quote }}]
    {{- end }}
    {{- with $values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir: {{ include "wheelyard.emptyDir" $values.tmp }}
    {{- if $isOurs }}
    - name: spool
      emptyDir: {{ include "wheelyard.emptyDir" $values.spool }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range $path, $secret := include "wheelyard.filesOf" . | fromYaml }}
          - secret: {name: {{ $secret.name | quote }}, items: [{key: {{ $secret.key | quote }}, path: {{ $path }}}]}
          {{- end }}
    {{- else }}
    - name: configuration
      configMap: {name: {{ .name }}}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "wheelyard.emptyDir" -}}
{sizeLimit: {{ .sizeLimit }}{{ with .medium }}, medium: {{ . }}{{ end }}}
{{- end }}

{{/* The secret files of a pod: those of all, and for `migrate` the password of a role that may change tables. */}}
{{- define "wheelyard.filesOf" -}}
{{- $stores := dict -}}
{{- include "wheelyard.stores" (dict "root" .root "into" $stores) -}}
{{- $migration := .root.Values.externalDatabase.migration -}}
{{- if and (eq .program "migrate") $migration.existingSecret (not .root.Values.dev.postgresql.enabled) -}}
{{- $_ := set $stores.files "migration-password" (dict "name" $migration.existingSecret "key" $migration.existingSecretPasswordKey) -}}
{{- end -}}
{{- toYaml $stores.files -}}
{{- end }}

{{/* What the main container and those before it share. */}}
{{- define "wheelyard.container" -}}
{{- $values := .values -}}
{{- $root := .root -}}
image: {{ include "wheelyard.image" (dict "root" $root "image" $values.image) }}
imagePullPolicy: {{ ($values.image | default dict).pullPolicy | default $root.Values.image.pullPolicy }}
{{- with $values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if or (ne .program "gateway") $values.extraEnvFrom }}
envFrom:
  {{- if ne .program "gateway" }}
  - configMapRef: {name: {{ include "wheelyard.settingsName" . }}}
  {{- end }}
  {{- with $values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
env:
  {{- include "wheelyard.env" . | nindent 2 }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if eq .program "gateway" }}
  - {name: configuration, mountPath: /etc/nginx/nginx.conf, subPath: nginx.conf, readOnly: true}
  - {name: configuration, mountPath: /etc/nginx/templates, readOnly: true}
  {{- else }}
  - {name: spool, mountPath: /var/spool/wheelyard}
  - {name: secrets, mountPath: /run/wheelyard/secrets, readOnly: true}
  {{- end }}
  {{- with $values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The component's own variables, but for those that extraEnv names, and extraEnv. */}}
{{- define "wheelyard.env" -}}
{{- $root := .root -}}
{{- $full := include "wheelyard.fullname" $root -}}
{{- $own := list -}}
{{- if eq .program "gateway" -}}
{{- $stores := dict -}}
{{- include "wheelyard.stores" (dict "root" $root "into" $stores) -}}
{{- $takesOver := eq $root.Values.config.downloads "gateway" -}}
{{- $store := (urlParse $stores.objectStorage.endpoint).host | trimSuffix (printf ":%d" (int $stores.objectStorage.port)) -}}
{{- range $name, $value := dict "GATEWAY_LISTEN" "8080" "GATEWAY_METRICS_LISTEN" "9090" "GATEWAY_API" "wheelyard_api" "GATEWAY_INDEXER" "wheelyard_indexer" "GATEWAY_API_ADDRESS" (printf "%s-api:%d" $full (int $root.Values.api.service.port)) "GATEWAY_INDEXER_ADDRESS" (printf "%s-indexer:%d" $full (int $root.Values.indexer.service.port)) "GATEWAY_RESOLVER" "127.0.0.1" "GATEWAY_TAKES_OVER" (ternary "X-Accel-Redirect" "" $takesOver) "GATEWAY_BLOBS" "wheelyard_blobs" "GATEWAY_BLOBS_ADDRESS" (ternary (printf "%s:%d" $store (int $stores.objectStorage.port)) "127.0.0.1:9" $takesOver) "NGINX_ENVSUBST_OUTPUT_DIR" "/tmp" -}}
{{- $own = append $own (dict "name" $name "value" $value) -}}
{{- end -}}
{{- else -}}
{{- $own = append $own (dict "name" "WHEELYARD_DRAIN_SECONDS" "value" (toString .values.drainSeconds)) -}}
{{- if eq .program "worker" -}}
{{- $own = concat $own (list (dict "name" "WHEELYARD_WORKER_CONCURRENCY" "value" (toString .values.concurrency)) (dict "name" "WHEELYARD_WORKER_QUEUES" "value" (join "," .values.queues))) -}}
{{- end -}}
{{- if and $root.Values.tracing.endpoint (has .program (list "api" "indexer" "worker")) -}}
{{- range $name, $path := dict "POD_NAME" "metadata.name" "NODE_NAME" "spec.nodeName" }}{{ $own = append $own (dict "name" $name "valueFrom" (dict "fieldRef" (dict "fieldPath" $path))) }}{{ end -}}
{{- $own = append $own (dict "name" "OTEL_RESOURCE_ATTRIBUTES" "value" (printf "k8s.namespace.name=%s,k8s.pod.name=$(POD_NAME),k8s.node.name=$(NODE_NAME)" $root.Release.Namespace)) -}}
{{- end -}}
{{- $migration := $root.Values.externalDatabase.migration -}}
{{- if and (eq .program "migrate") (include "wheelyard.migratesApart" $root) -}}
{{- $given := $root.Values.externalDatabase -}}
{{- $database := dict "host" ($migration.host | default $given.host) "port" (int $migration.port | default (int $given.port)) "user" ($migration.user | default $given.user) "name" $given.name "ssl" $given.sslMode -}}
{{- $own = append $own (dict "name" "WHEELYARD_DATABASE_URL" "value" (include "wheelyard.databaseUrl" (dict "database" $database "ca" (not (empty $given.caSecret.name))))) -}}
{{- if $given.existingSecretUriKey -}}
{{- /* The address in the file would count instead. */}}
{{- $own = append $own (dict "name" "WHEELYARD_DATABASE_URL_FILE" "value" "") -}}
{{- end -}}
{{- if $migration.existingSecret -}}
{{- $own = append $own (dict "name" "WHEELYARD_DATABASE_PASSWORD_FILE" "value" "/run/wheelyard/secrets/migration-password") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range .values.extraEnv }}{{ $names = append $names .name }}{{ end -}}
{{- $all := list -}}
{{- range $own }}{{ if not (has .name $names) }}{{ $all = append $all . }}{{ end }}{{ end -}}
{{- toYaml (concat $all .values.extraEnv) -}}
{{- end }}

{{/* What the container runs; our own image says by its command which service it is. */}}
{{- define "wheelyard.command" -}}
{{- $root := .root -}}
{{- $gateway := printf "http://%s-gateway:%d" (include "wheelyard.fullname" $root) (int $root.Values.gateway.service.port) -}}
{{- $commands := dict
  "api" (list "python" "-m" "wheelyard_api")
  "indexer" (list "python" "-m" "wheelyard_indexer" "serve")
  "scheduler" (list "python" "-m" "wheelyard_worker" "scheduler")
  "migrate" (list "wheelyard-admin" "migrate" "--wait" (toString (int $root.Values.migrations.activeDeadlineSeconds)))
  "smoke" (list "wheelyard-admin" "smoke" "--url" $gateway "--seconds" (toString (int $root.Values.smoke.timeoutSeconds)))
  "robot" (list "wheelyard-admin" "smoke" "--robot" "--url" $gateway "--seconds" (toString (int $root.Values.robot.timeoutSeconds))) -}}
{{- if eq .program "worker" -}}
{{- $_ := set $commands "worker" (list "python" "-m" (has "index" .values.queues | ternary "wheelyard_indexer" "wheelyard_worker") "worker") -}}
{{- end -}}
{{- $diagnostic := $root.Values.diagnosticMode.enabled -}}
{{- with $diagnostic | ternary $root.Values.diagnosticMode.command (.values.command | default (get $commands .program)) }}
command: {{ toJson . }}
{{- end }}
{{- with $diagnostic | ternary $root.Values.diagnosticMode.args .values.args }}
args: {{ toJson . }}
{{- end }}
{{- end }}

{{- define "wheelyard.ports" -}}
{{- if not (has .program (list "migrate" "smoke" "robot")) -}}
ports:
  {{- if has .program (list "gateway" "api" "indexer") }}
  - {name: http, containerPort: 8080, protocol: TCP}
  {{- end }}
  - {name: http-metrics, containerPort: 9090, protocol: TCP}
{{- end -}}
{{- end }}

{{- define "wheelyard.probes" -}}
{{- if not (or (has .program (list "migrate" "smoke" "robot")) .root.Values.diagnosticMode.enabled) -}}
{{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
{{- $given := get $.values $probe }}
{{- /* Ours ask by http. Kubernetes refuses a probe that asks in two ways. */}}
{{- if or $given.exec $given.tcpSocket $given.grpc }}{{ $given = omit $given "httpGet" }}{{ end }}
{{ $probe }}:
  {{- toYaml $given | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end }}
