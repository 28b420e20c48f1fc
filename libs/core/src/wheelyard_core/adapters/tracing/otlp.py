"""OpenTelemetry, sent by OTLP over HTTP. Only where tracing is on is this module imported.

It must be made in the process that works, not in one that forks it: a thread sends the spans.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Final, Unpack

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import wheelyard_core
from wheelyard_core.ports import UNTRACED, Attributes, Span

# Spans that wait are dropped where nobody takes them; ending takes three exports at the most.
_QUEUE: Final = 2048
_BATCH: Final = 1024
_EXPORT_SECONDS: Final = 1.5
_TELL_EVERY: Final = 60.0
_SERVER_ERROR: Final = 500
_HEADER: Final = "traceparent"
_KINDS: Final = {Span.REQUEST: SpanKind.SERVER} | {
    span: SpanKind.CONSUMER for span in Span if span.startswith("task.")
}
# As OpenTelemetry's conventions name them; all others are ours.
_CONVENTIONAL: Final = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "error": "error.type",
}
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class OtlpTracing:
    """Sends spans to a collector. See Tracing for the contract."""

    def __init__(self, endpoint: str, ratio: float, service: str) -> None:
        about = {
            SERVICE_NAME: f"wheelyard-{service}",
            SERVICE_VERSION: wheelyard_core.__version__,
        }
        self._provider = TracerProvider(
            ParentBased(TraceIdRatioBased(ratio)), Resource.create(about)
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(_exporter(endpoint), _QUEUE, max_export_batch_size=_BATCH)
        )
        self._tracer = self._provider.get_tracer("wheelyard")
        _tell_seldom()

    def begin(
        self, span: Span, parent: str | None, **attributes: Unpack[Attributes]
    ) -> AbstractContextManager[object]:
        """Be in a span that goes on with the trace of *parent*, or begins one."""
        # An empty context: what this thread did before is no parent of it.
        context = _PROPAGATOR.extract({_HEADER: parent or ""}, Context())
        return self._open(span, attributes, context)

    def span(self, span: Span, **attributes: Unpack[Attributes]) -> AbstractContextManager[object]:
        """Be in a part of the span at hand; where there is none, nothing is told."""
        if not trace.get_current_span().is_recording():
            return UNTRACED.span(span)
        return self._open(span, attributes)

    def annotate(self, **attributes: Unpack[Attributes]) -> None:
        """Say more of the span at hand."""
        here = trace.get_current_span()
        here.set_attributes(_named(attributes))
        if attributes.get("status", 0) >= _SERVER_ERROR:
            here.set_status(Status(StatusCode.ERROR))

    def traceparent(self) -> str | None:
        """Return the span at hand."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(_HEADER)

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()

    @contextmanager
    def _open(
        self, span: Span, attributes: Attributes, context: Context | None = None
    ) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            span.value,
            context,
            _KINDS.get(span, SpanKind.INTERNAL),
            _named(attributes),
            # An error's text may quote what nobody should read.
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            if context is not None and opened.is_recording():
                trace_id = trace.format_trace_id(opened.get_span_context().trace_id)
                structlog.contextvars.bind_contextvars(trace_id=trace_id)
            try:
                yield
            except BaseException as error:
                opened.set_attribute(_CONVENTIONAL["error"], type(error).__name__)
                opened.set_status(Status(StatusCode.ERROR))
                raise


def takes_spans(endpoint: str) -> bool:
    """Tell whether a collector takes spans, by sending it none."""
    # Whoever asks tells of it, and in fewer words.
    logger = logging.getLogger(OTLPSpanExporter.__module__)
    logger.disabled = True
    try:
        return _exporter(endpoint).export(()) is SpanExportResult.SUCCESS
    finally:
        logger.disabled = False


def attribute_name(key: str) -> str:
    """Return the name under which a span says something."""
    return _CONVENTIONAL.get(key, f"wheelyard.{key}")


def _exporter(endpoint: str) -> OTLPSpanExporter:
    return OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_EXPORT_SECONDS)


def _named(attributes: Attributes) -> Mapping[str, str | int]:
    return {
        attribute_name(key): value
        for key, value in attributes.items()
        if isinstance(value, str | int)
    }


class _Seldom(logging.Filter):
    """Lets a record through once a minute: a collector that is away is told of, not lamented."""

    def __init__(self) -> None:
        super().__init__()
        self._again = 0.0

    def filter(self, _record: logging.LogRecord) -> bool:
        if monotonic() < self._again:
            return False
        self._again = monotonic() + _TELL_EVERY
        return True


_SELDOM: Final = _Seldom()


def _tell_seldom() -> None:
    for name in (OTLPSpanExporter.__module__, "opentelemetry.sdk._shared_internal"):
        logging.getLogger(name).addFilter(_SELDOM)
