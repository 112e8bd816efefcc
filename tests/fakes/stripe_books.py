"""What Stripe knows: sessions, intents, charges and refunds, with Stripe's rules of who may do what when."""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Callable
from typing import Any, Literal

Object = dict[str, Any]
Outcome = Literal["paid", "declined", "processing"]
_CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")


class Refusal(Exception):
    def __init__(self, message: str, *, status: int = 400, code: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"type": kind or "invalid_request_error", "code": code or None, "message": message}
        }


class Books:
    """``told`` hears of every event. Nothing here awaits, so each operation is atomic."""

    def __init__(self, told: Callable[[str, Object], None], page_base: str = "") -> None:
        self.page_base = page_base
        self.objects: dict[str, Object] = {}
        self.refund_status = "succeeded"
        self._told = told

    def create_session(self, params: Object) -> Object:
        if "payment_method_types" in params:
            raise Refusal("No longer supported", code="payment_method_types_no_longer_supported")
        now, expires_at = int(time.time()), int(params["expires_at"])
        if not now + 30 * 60 <= expires_at <= now + 24 * 3600:
            raise Refusal("expires_at must be 30 minutes to 24 hours from now")
        price = params["line_items"][0]["price_data"]
        _refuse_amount(int(price["unit_amount"]), price["currency"])
        session = self._new(
            "checkout.session",
            "cs_test",
            status="open",
            payment_status="unpaid",
            payment_intent=None,
            amount_total=int(price["unit_amount"]) * int(params["line_items"][0].get("quantity", 1)),
            currency=price["currency"],
            expires_at=expires_at,
            success_url=params.get("success_url"),
            cancel_url=params.get("cancel_url"),
            client_reference_id=params.get("client_reference_id"),
            customer_email=params.get("customer_email"),
            metadata=params.get("metadata", {}),
            intent_metadata=params.get("payment_intent_data", {}).get("metadata", {}),
        )
        session["url"] = f"{self.page_base}/pay/{session['id']}"
        return session

    def expire_session(self, ref: str) -> Object:
        session = self.get(ref)
        intent = self.objects.get(session["payment_intent"] or "")
        if session["status"] != "open" or (intent and intent["status"] == "processing"):
            raise Refusal("Only Checkout Sessions with a status in ['open'] can be expired.")
        session["status"] = "expired"
        if intent:
            intent["status"] = "canceled"
        self._tell("checkout.session.expired", session)
        return session

    def create_intent(self, params: Object) -> Object:
        if "payment_method_types" in params:
            raise Refusal("No longer supported", code="payment_method_types_no_longer_supported")
        _refuse_amount(int(params["amount"]), params["currency"])
        intent = self._new(
            "payment_intent",
            "pi",
            status="requires_payment_method",
            amount=int(params["amount"]),
            amount_received=0,
            currency=params["currency"],
            latest_charge=None,
            last_payment_error=None,
            metadata=params.get("metadata", {}),
            session=params.get("session"),
        )
        intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(12)}"
        self._tell("payment_intent.created", intent)
        return intent

    def cancel_intent(self, ref: str) -> Object:
        intent = self.get(ref)
        if intent["session"] or intent["status"] not in _CANCELLABLE:
            raise Refusal("This PaymentIntent cannot be canceled.", code="payment_intent_unexpected_state")
        intent["status"] = "canceled"
        self._tell("payment_intent.canceled", intent)
        return intent

    def pay(self, ref: str, outcome: Outcome = "paid", amount: int | None = None) -> Object:
        """What the payer does on the page. ``amount`` differs from the price where a test wants it."""
        source = self.get(ref)
        if source["object"] == "payment_intent":
            return self._attempt(source, outcome, amount)
        if source["status"] != "open" or source["expires_at"] <= time.time():
            raise Refusal("This session is no longer open.")
        intent = self._intent_of(source)
        self._attempt(intent, outcome, amount)
        if intent["status"] == "succeeded":
            source |= {"status": "complete", "payment_status": "paid"}
            self._tell("checkout.session.completed", source)
        return source

    def create_refund(self, params: Object) -> Object:
        intent = self.get(params["payment_intent"])
        if intent["status"] != "succeeded":
            raise Refusal("This PaymentIntent does not have a successful charge to refund.")
        charge = self.get(intent["latest_charge"])
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(params.get("amount", left))
        if not 0 < amount <= left:
            raise Refusal("Refund amount is greater than unrefunded amount", code="charge_already_refunded")
        refund = self._new(
            "refund",
            "re",
            amount=amount,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=intent["id"],
            status=self.refund_status,
            metadata=params.get("metadata", {}),
        )
        charge["amount_refunded"] += amount
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def listed(self, kind: str, params: Object) -> Object:
        """Newest first, as Stripe does."""
        items = [item for item in reversed(self.objects.values()) if item["object"] == kind]
        if intent := params.get("payment_intent"):
            items = [item for item in items if item["payment_intent"] == intent]
        if isinstance(created := params.get("created"), dict):
            items = [item for item in items if item["created"] >= int(created["gte"])]
        if after := params.get("starting_after"):
            items = items[[item["id"] for item in items].index(after) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "data": items[:limit], "has_more": len(items) > limit, "url": "/v1/list"}

    def get(self, ref: str) -> Object:
        if ref not in self.objects:
            raise Refusal(f"No such object: '{ref}'", status=404, code="resource_missing")
        return self.objects[ref]

    def shown(self, source: Object, paths: list[str]) -> Object:
        """A copy with the asked paths expanded and nothing of ours inside."""
        copied = copy.deepcopy(source)
        for private in ("session", "intent_metadata"):
            copied.pop(private, None)
        for path in paths:
            self._expand(copied, path.split("."))
        return copied

    def _tell(self, event_type: str, subject: Object) -> None:
        self._told(event_type, self.shown(subject, []))

    def _expand(self, node: Any, path: list[str]) -> None:
        if isinstance(node, list):
            for item in node:
                self._expand(item, path)
            return
        key, *rest = path
        if key == "refunds" and node.get("object") == "charge":
            node[key] = self.listed("refund", {"payment_intent": node["payment_intent"]})
        elif isinstance(node.get(key), str):
            node[key] = self.shown(self.get(node[key]), [])
        if rest and node.get(key) is not None:
            self._expand(node[key], rest)

    def _intent_of(self, session: Object) -> Object:
        if session["payment_intent"] is None:
            params = {
                "amount": session["amount_total"],
                "currency": session["currency"],
                "metadata": session["intent_metadata"],
                "session": session["id"],
            }
            session["payment_intent"] = self.create_intent(params)["id"]
        return self.get(session["payment_intent"])

    def _attempt(self, intent: Object, outcome: Outcome, amount: int | None) -> Object:
        if intent["status"] not in ("requires_payment_method", "processing"):
            raise Refusal("This payment cannot be made.", code="payment_intent_unexpected_state")
        if outcome == "processing":
            intent["status"] = "processing"
            self._tell("payment_intent.processing", intent)
        elif outcome == "declined":
            error = {"code": "card_declined", "type": "card_error"}
            intent |= {"status": "requires_payment_method", "last_payment_error": error}
            self._tell("payment_intent.payment_failed", intent)
        else:
            self._capture(intent, intent["amount"] if amount is None else amount)
        return intent

    def _capture(self, intent: Object, amount: int) -> None:
        charge = self._new(
            "charge",
            "ch",
            amount=amount,
            amount_refunded=0,
            currency=intent["currency"],
            payment_intent=intent["id"],
            status="succeeded",
            metadata=intent["metadata"],
        )
        intent |= {
            "status": "succeeded",
            "amount_received": amount,
            "latest_charge": charge["id"],
            "last_payment_error": None,
        }
        self._tell("charge.succeeded", charge)
        self._tell("payment_intent.succeeded", intent)

    def _new(self, kind: str, prefix: str, **fields: Any) -> Object:
        ref = f"{prefix}_{secrets.token_hex(12)}"
        created = {"id": ref, "object": kind, "created": int(time.time()), "livemode": False, **fields}
        self.objects[ref] = created
        return created


def _refuse_amount(amount: int, currency: str) -> None:
    if amount < 1:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer")
    if currency in ("bhd", "jod", "kwd", "omr", "tnd") and amount % 10:
        raise Refusal("The last digit of this currency must be 0", code="invalid_charge_amount")
