"""pywa as an independent client of the simulator: prints one line for each fact, and the sum. Exit 1 if any is false."""

import logging
import queue
import socket
import struct
import sys
import threading
import traceback
import zlib

import httpx
import uvicorn
from pywa import WhatsApp, errors, handlers, types
from pywa.types.templates import TemplateLanguage
from starlette.applications import Starlette

from simulator import NUMBER, SECRET, TOKEN, Simulator

ANA, BIA = "5511912340001", "5511912340002"
VERIFY = "pywa-verify"
PATIENCE_S = 30


def picture():
    """A small PNG that a viewer opens."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\xb8\x49\x2a" * 2 for _ in range(2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class ToTheSimulator(httpx.HTTPTransport):
    """Sends what is meant for graph.facebook.com to the simulator."""

    def __init__(self, url):
        super().__init__()
        self.url = httpx.URL(url)

    def handle_request(self, request):
        request.url = request.url.copy_with(scheme=self.url.scheme, host=self.url.host, port=self.url.port)
        request.headers["host"] = self.url.netloc.decode()
        return super().handle_request(request)


class Complaints(logging.Handler):
    """What pywa could not understand is only visible in its log."""

    def __init__(self):
        super().__init__(level=logging.WARNING)
        self.seen = []

    def emit(self, record):
        # The forged one is ours.
        if "unmatching signature" not in record.getMessage():
            self.seen.append(self.format(record))


class Receiver:
    """pywa's webhook server on the loopback interface; updates wait in a queue by type."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/webhook"
        self.app = Starlette()
        self.updates = queue.Queue()
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    def listen(self, client):
        kinds = [
            handlers.MessageHandler, handlers.CallbackButtonHandler, handlers.CallbackSelectionHandler,
            handlers.MessageStatusHandler, handlers.PhoneNumberChangeHandler, handlers.TemplateStatusUpdateHandler,
            handlers.TemplateQualityUpdateHandler, handlers.UserMarketingPreferencesHandler,
            handlers.CallConnectHandler, handlers.CallTerminateHandler, handlers.EditedMessageHandler,
            handlers.DeletedMessageHandler, handlers.OutgoingMessageHandler, handlers.AccountUpdateHandler,
        ]
        for kind in kinds:
            client.add_handlers(kind(lambda _client, update: self.updates.put(update)))
        self.thread.start()

    def expect(self, kind, fits=lambda _update: True):
        """The next update of this type that fits; others are left behind."""
        while True:
            update = self.updates.get(timeout=PATIENCE_S)
            if isinstance(update, kind) and fits(update):
                return update

    def expect_all(self, *kinds):
        """One update of each type, by type, in whatever order they come: webhooks are posted side by side."""
        found = {}
        while len(found) < len(kinds):
            update = self.updates.get(timeout=PATIENCE_S)
            for kind in kinds:
                if isinstance(update, kind):
                    found.setdefault(kind, update)
        return found

    def stop(self):
        self.server.should_exit = True
        self.thread.join()


def client(simulator, app=None):
    session = httpx.Client(transport=ToTheSimulator(simulator.url))
    serving = {"server": app, "webhook_endpoint": "/webhook", "verify_token": VERIFY, "app_secret": SECRET} if app else {}
    if app:
        serving |= {"skip_duplicate_updates": False, "continue_handling": True, "filter_updates": False}
    return WhatsApp(phone_id=NUMBER, token=TOKEN, session=session, **serving)


def raises(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def text_parameters(*words):
    return [{"type": "text", "text": word} for word in words]


class Facts:
    """Named checks; each is printed and counted, and none hides the others."""

    def __init__(self, simulator, receiver, wa):
        self.simulator, self.receiver, self.wa = simulator, receiver, wa
        self.passed = self.failed = 0

    def check(self, name, act):
        try:
            act()
        except Exception:
            self.failed += 1
            print(f"FAIL  {name}\n{traceback.format_exc()}", flush=True)
        else:
            self.passed += 1
            print(f"ok    {name}", flush=True)

    def shown(self, sent, kind, words=""):
        """The message is on Ana's phone, of this type."""
        found = [entry for entry in self.simulator.thread(ANA) if entry["id"] == sent.id]
        assert found and found[0]["type"] == kind and words in found[0]["text"], found

    # what it sends
    def text(self):
        self.shown(self.wa.send_message(ANA, "Olá, *Ana*"), "text", "Olá, *Ana*")

    def buttons(self):
        sent = self.wa.send_message(ANA, "Tudo certo?", footer="Responda", buttons=[types.Button("Sim", "sim"), types.Button("Não", "nao")])
        self.shown(sent, "interactive", "Tudo certo?")

    def list_of_rows(self):
        rows = [types.SectionRow("500 mega", "p500", "R$ 99,90"), types.SectionRow("1 giga", "p1000")]
        sent = self.wa.send_message(ANA, "Qual plano?", buttons=types.SectionList("Ver planos", [types.Section("Fibra", rows)]))
        self.shown(sent, "interactive", "Qual plano?")

    def template(self):
        body = {"type": "body", "parameters": text_parameters("Ana", "42")}
        sent = self.wa.send_template(ANA, "retomar_atendimento", TemplateLanguage.PORTUGUESE_BR, params=[body])
        self.shown(sent, "template", "Olá, Ana! Temos novidades sobre o seu atendimento 42.")

    def image(self):
        sent = self.wa.send_image(ANA, picture(), caption="um quadrado", mime_type="image/png")
        self.shown(sent, "image", "um quadrado")

    def reaction(self):
        asked = self.simulator.says(ANA, {"type": "text", "text": {"body": "obrigada"}})
        self.wa.send_reaction(ANA, "👍", asked)
        entry = next(entry for entry in self.simulator.thread(ANA) if entry["id"] == asked)
        assert [reaction["emoji"] for reaction in entry["reactions"]] == ["👍"], entry

    def mark_read(self):
        asked = self.simulator.says(ANA, {"type": "text", "text": {"body": "viu?"}})
        self.wa.mark_message_as_read(asked)
        entry = next(entry for entry in self.simulator.thread(ANA) if entry["id"] == asked)
        assert entry["ticks"] == "read", entry

    # the errors it knows
    def closed_window(self):
        assert raises(errors.ReEngagementMessage, lambda: self.wa.send_message("5511912349999", "oi")).code == 131047

    def pair_rate(self):
        self.simulator.says(BIA, {"type": "text", "text": {"body": "oi"}})

        def burst():
            for n in range(60):
                self.wa.send_message(BIA, str(n))

        assert raises(errors.TooManyMessages, burst).code == 131056

    def number_rate(self):
        with Simulator(self.simulator.program, self.receiver.url, "--throughput", "1") as slow:
            slow.says(ANA, {"type": "text", "text": {"body": "oi"}})
            wa = client(slow)
            assert raises(errors.RateLimitHit, lambda: [wa.send_message(ANA, str(n)) for n in range(20)]).code == 130429

    def code_without_a_phone(self):
        user_id = self.simulator.control("GET", f"/sim/contacts/{ANA}")["user_id"]
        params = [
            {"type": "body", "parameters": text_parameters("123456")},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": text_parameters("123456")},
        ]
        act = lambda: self.wa.send_template(user_id, "codigo_acesso", TemplateLanguage.PORTUGUESE_BR, params=params)
        assert raises(errors.BSUIDRecipientNotSupported, act).code == 131062

    # what its server understands
    def challenge(self):
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY}
        assert httpx.get(self.receiver.url, params=asked).text == "1158201444"
        forged = {"x-hub-signature-256": "sha256=" + "0" * 64}
        assert httpx.post(self.receiver.url, content=b"{}", headers=forged).status_code in (401, 403)

    def text_comes_in(self):
        said = self.simulator.says(ANA, {"type": "text", "text": {"body": "não é fácil 👋 http://x.test/"}})
        update = self.receiver.expect(types.Message, lambda update: update.id == said)
        assert update.text == "não é fácil 👋 http://x.test/" and update.from_user.wa_id == ANA
        assert update.from_user.bsuid.startswith("BR.")

    def media_come_in(self):
        said = self.simulator.says(ANA, {"type": "image", "image": {"caption": "foto"}})
        update = self.receiver.expect(types.Message, lambda update: update.id == said)
        assert update.image.mime_type == "image/png" and self.wa.get_media_bytes(url=update.image.get_media_url()).startswith(b"\x89PNG")

    def other_kinds_come_in(self):
        place = {"latitude": -23.55, "longitude": -46.63, "name": "Praça"}
        card = {"name": {"formatted_name": "Bruno Exemplo", "first_name": "Bruno"}, "phones": [{"phone": "+55 11 91234-0009", "type": "CELL"}]}
        product = {"product_retailer_id": "p500", "quantity": 1, "item_price": 99.9, "currency": "BRL"}
        for kind, payload in {
            "location": place, "contacts": [card], "sticker": {}, "audio": {"voice": True}, "document": {}, "video": {},
            "order": {"catalog_id": "1", "text": "", "product_items": [product]},
        }.items():
            said = self.simulator.says(ANA, {"type": kind, kind: payload})
            update = self.receiver.expect(types.Message, lambda update: update.id == said)
            assert update.type == kind, (kind, update.type)

    def taps_come_in(self):
        answers = {
            "button_reply": ({"id": "sim", "title": "Sim"}, types.CallbackButton),
            "list_reply": ({"id": "p500", "title": "500 mega", "description": "R$ 99,90"}, types.CallbackSelection),
        }
        for name, (answer, kind) in answers.items():
            said = self.simulator.says(ANA, {"type": "interactive", "interactive": {"type": name, name: answer}})
            update = self.receiver.expect(kind, lambda update: update.id == said)
            assert update.data == answer["id"] and update.reply_to_message, update

    def statuses_come_in(self):
        sent = self.wa.send_message(ANA, "acompanhe", tracker="v1.c.2.1")
        words = set()
        while words != {"sent", "delivered", "read"}:
            update = self.receiver.expect(types.MessageStatus, lambda update: update.id == sent.id)
            assert update.tracker == "v1.c.2.1", update
            words.add(update.status)

    def changes_come_in(self):
        said = self.simulator.says(ANA, {"type": "text", "text": {"body": "herrado"}})
        edited = {"original_message_id": said, "message": {"type": "text", "text": {"body": "certo"}}}
        self.simulator.says(ANA, {"type": "edit", "edit": edited})
        assert self.receiver.expect(types.EditedMessage).message.text == "certo"
        self.simulator.says(ANA, {"type": "revoke", "revoke": {"original_message_id": said}})
        self.receiver.expect(types.DeletedMessage)
        self.simulator.says(ANA, {"type": "reaction", "reaction": {"message_id": said}})
        assert self.receiver.expect(types.Message, lambda update: update.reaction).reaction.emoji is None

    def calls_come_in(self):
        self.simulator.control("POST", f"/sim/contacts/{ANA}/calls", {"outcome": "completed"})
        call = self.receiver.expect_all(types.CallConnect, types.CallTerminate)
        assert call[types.CallConnect].from_user.wa_id == ANA

    def the_rest_comes_in(self):
        self.simulator.control("POST", f"/sim/contacts/{ANA}/preferences", {"value": "stop"})
        self.receiver.expect(types.UserMarketingPreferences)
        self.simulator.control("POST", f"/sim/contacts/{ANA}/echoes", {"type": "text", "text": {"body": "do celular"}})
        assert self.receiver.expect(types.OutgoingMessage).text == "do celular"
        templates = self.simulator.control("GET", "/sim/templates")["templates"]
        self.simulator.control("POST", f"/sim/templates/{templates[0]['id']}", {"status": "PAUSED", "quality": "RED"})
        self.receiver.expect_all(types.TemplateStatusUpdate, types.TemplateQualityUpdate)
        news = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}}
        self.simulator.control("POST", "/sim/notices", {"field": "account_update", "value": news})
        self.receiver.expect(types.AccountUpdate)

    def a_new_number_comes_in(self):
        self.simulator.control("POST", f"/sim/contacts/{ANA}/rotate", {"phone": "5511912340077"})
        update = self.receiver.expect(types.PhoneNumberChange)
        assert (update.old_wa_id, update.new_wa_id) == (ANA, "5511912340077"), update


def run(program):
    complaints = Complaints()
    logging.getLogger("pywa").addHandler(complaints)
    receiver = Receiver()
    # The second phone page would read; here nobody looks, so `read` comes by itself.
    with Simulator(program, receiver.url, "--read-after-ms", "50") as simulator:
        wa = client(simulator, receiver.app)
        receiver.listen(wa)
        facts = Facts(simulator, receiver, wa)
        simulator.says(ANA, {"type": "text", "text": {"body": "oi"}})
        for name, act in [
            ("pywa sends a text that the phone shows", facts.text),
            ("pywa sends buttons that the phone shows", facts.buttons),
            ("pywa sends a list that the phone shows", facts.list_of_rows),
            ("pywa sends a template that the phone shows filled", facts.template),
            ("pywa uploads and sends an image that the phone shows", facts.image),
            ("pywa's reaction sticks to the customer's message", facts.reaction),
            ("pywa's read mark turns the customer's ticks", facts.mark_read),
            ("a closed window raises ReEngagementMessage (131047)", facts.closed_window),
            ("too many to one person raises TooManyMessages (131056)", facts.pair_rate),
            ("too many from one number raises RateLimitHit (130429)", facts.number_rate),
            ("a code to a BSUID raises BSUIDRecipientNotSupported (131062)", facts.code_without_a_phone),
            ("pywa's server answers the challenge and refuses a bad signature", facts.challenge),
            ("pywa's server understands a text", facts.text_comes_in),
            ("pywa's server understands an image and downloads it", facts.media_come_in),
            ("pywa's server understands every other kind of message", facts.other_kinds_come_in),
            ("pywa's server understands taps on buttons and rows", facts.taps_come_in),
            ("pywa's server understands sent, delivered and read", facts.statuses_come_in),
            ("pywa's server understands edits, deletions and removed reactions", facts.changes_come_in),
            ("pywa's server understands calls", facts.calls_come_in),
            ("pywa's server understands preferences, echoes, templates and accounts", facts.the_rest_comes_in),
            ("pywa's server understands a changed number", facts.a_new_number_comes_in),
        ]:
            facts.check(name, act)
        receiver.stop()
    facts.check("pywa logged no complaint about any webhook", lambda: complaints_are_none(complaints))
    print(f"facts: {facts.passed} passed, {facts.failed} failed")
    return facts.failed == 0


def complaints_are_none(complaints):
    assert not complaints.seen, "\n".join(complaints.seen)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: facts.py PATH_OF_THE_SIMULATOR")
    sys.exit(0 if run(sys.argv[1]) else 1)
