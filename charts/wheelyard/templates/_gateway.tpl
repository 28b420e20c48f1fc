{{/* deploy/nginx as it is; the image's entry point fills in the variables. */}}
{{- define "wheelyard.gatewayFiles" -}}
{{- range $path, $content := .Files.Glob "files/nginx/*" }}
{{ base $path }}: |
  {{- toString $content | nindent 2 }}
{{- end }}
{{- end }}
