{{/* Names and labels. Suffixes take 31 characters at the most, so that all of a name fits into a label. */}}
{{- define "wheelyard.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 32 | trimSuffix "-" -}}
{{- end }}

{{- define "wheelyard.fullname" -}}
{{- $name := include "wheelyard.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 32 | trimSuffix "-" -}}
{{- end }}

{{/* What never changes for an object's life: selectors are immutable. Of: root, component. */}}
{{- define "wheelyard.selector" -}}
app.kubernetes.io/name: {{ include "wheelyard.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* metadata of an object. Of: root, name, component; annotations, labels where there are more. */}}
{{- define "wheelyard.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "wheelyard.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: {{ .root.Chart.Name }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* An image's name. Of: root, image. Without a repository of its own it is ours, and leaves out what `image` has. */}}
{{- define "wheelyard.image" -}}
{{- $image := .image | default dict -}}
{{- $rest := empty $image.repository | ternary .root.Values.image dict -}}
{{- $registry := .root.Values.global.imageRegistry | default $image.registry | default $rest.registry -}}
{{- /* Another tag is another image than that of the digest. */}}
{{- $digest := $image.digest | default (empty $image.tag | ternary $rest.digest "") -}}
{{- $tag := $image.tag | default $rest.tag | default .root.Chart.AppVersion -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository | default $rest.repository }}{{ if $digest }}@{{ $digest }}{{ else }}:{{ $tag }}{{ end -}}
{{- end }}

{{- define "wheelyard.serviceAccount" -}}
{{- $account := .values.serviceAccount -}}
{{- $account.name | default ($account.create | ternary (printf "%s-%s" (include "wheelyard.fullname" .root) .component) "default") -}}
{{- end }}
