"""Words, tones, tabs and code of the profiles' pages."""

from __future__ import annotations

from strowger.console.code import Snippet
from strowger.platform.callbacks.profiles.schemas import METHODS, Draft, ProfileStatus
from strowger.platform.callbacks.schemas import Attempt

STATUSES = {
    ProfileStatus.ACTIVE: "Active",
    ProfileStatus.FAILING: "Switched off by failures",
    ProfileStatus.DISABLED: "Disabled",
}
TONES = {ProfileStatus.ACTIVE: "success", ProfileStatus.FAILING: "danger", ProfileStatus.DISABLED: "neutral"}
STATUS_OPTIONS = tuple((str(int(status)), word) for status, word in STATUSES.items())
METHOD_OPTIONS = tuple((method, method) for method in METHODS)
TABS = (
    ("Profiles", "/callbacks/profiles"),
    ("Failed requests", "/callbacks?state=2&state=3"),
    ("Reports", "/callbacks/profiles/report"),
    ("Defaults", "/callbacks/profiles/defaults"),
)


def tabs_of(path: str) -> list[tuple[str, str, bool]]:
    """The tabs of the profiles' pages."""
    return [(label, target, target == path) for label, target in TABS]


def request_text(attempt: Attempt) -> str:
    """An attempt's request as it went over the wire, secret header values masked."""
    head = [f"{attempt.method} {attempt.url}", *(f"{k}: {v}" for k, v in (attempt.request_headers or {}).items())]
    return "\n".join(head) + (f"\n\n{attempt.request_body}" if attempt.request_body else "")


def answer_text(attempt: Attempt) -> str:
    """An attempt's answer, or why there is none."""
    if attempt.http_status is None:
        return attempt.error or "No answer"
    head = [f"HTTP {attempt.http_status}", *(f"{k}: {v}" for k, v in (attempt.response_headers or {}).items())]
    return "\n".join(head) + (f"\n\n{attempt.response_body}" if attempt.response_body else "")


def snippets_of(draft: Draft) -> list[Snippet]:
    """How a receiver decrypts a value, in four languages; empty without encryption."""
    if draft.enc is None:
        return []
    mode = draft.enc.algo.rpartition("-")[2]
    random = draft.enc.iv_mode == "random"
    size = 12 if mode == "GCM" else 16
    python_iv = f"iv, data = data[:{size}], data[{size}:]" if random else "iv = IV.encode()"
    python = (
        "decryptor = Cipher(algorithms.AES(KEY.encode()), modes.GCM(iv, data[-16:])).decryptor()\n"
        "text = (decryptor.update(data[:-16]) + decryptor.finalize()).decode()"
        if mode == "GCM"
        else "decryptor = Cipher(algorithms.AES(KEY.encode()), CFB(iv)).decryptor()\n"
        "text = (decryptor.update(data) + decryptor.finalize()).decode()"
    )
    imports = (
        "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes"
        if mode == "GCM"
        else "from cryptography.hazmat.decrepit.ciphers.modes import CFB\n"
        "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms"
    )
    name = draft.enc.algo.lower()
    js_iv = (
        f"const iv = data.subarray(0, {size}); data = data.subarray({size});"
        if random
        else "const iv = Buffer.from(IV);"
    )
    js_tag = (
        "const tag = data.subarray(data.length - 16); data = data.subarray(0, data.length - 16);\ncipher.setAuthTag(tag);\n"
        if mode == "GCM"
        else ""
    )
    php_iv = f"$iv = substr($data, 0, {size}); $data = substr($data, {size});" if random else "$iv = IV;"
    php = (
        f"$text = openssl_decrypt(substr($data, 0, -16), '{name}', KEY, OPENSSL_RAW_DATA, $iv, substr($data, -16));"
        if mode == "GCM"
        else f"$text = openssl_decrypt($data, '{name}', KEY, OPENSSL_RAW_DATA, $iv);"
    )
    java_iv = f"Arrays.copyOf(data, {size})" if random else "IV.getBytes(UTF_8)"
    java_data = f"Arrays.copyOfRange(data, {size}, data.length)" if random else "data"
    java_spec = f"new GCMParameterSpec(128, {java_iv})" if mode == "GCM" else f"new IvParameterSpec({java_iv})"
    java_name = "AES/GCM/NoPadding" if mode == "GCM" else "AES/CFB/NoPadding"
    return [
        Snippet("python", "Python", f"import base64\n\n{imports}\n\ndata = base64.b64decode(value)\n{python_iv}\n{python}"),
        Snippet(
            "javascript", "Node.js",
            'import { createDecipheriv } from "node:crypto";\n\nlet data = Buffer.from(value, "base64");\n'
            f'{js_iv}\nconst cipher = createDecipheriv("{name}", Buffer.from(KEY), iv);\n{js_tag}'
            "const text = Buffer.concat([cipher.update(data), cipher.final()]).toString();",
        ),
        Snippet("php", "PHP", f"$data = base64_decode($value);\n{php_iv}\n{php}"),
        Snippet(
            "java", "Java",
            "byte[] data = Base64.getDecoder().decode(value);\n"
            f'Cipher cipher = Cipher.getInstance("{java_name}");\n'
            f'cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(KEY.getBytes(UTF_8), "AES"), {java_spec});\n'
            f"String text = new String(cipher.doFinal({java_data}), UTF_8);",
        ),
    ]  # fmt: skip
