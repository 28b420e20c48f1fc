"""The dashboards of the chart, written from a description that people can read."""
