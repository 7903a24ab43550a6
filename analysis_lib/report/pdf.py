"""How does the page become a PDF where a browser is at hand?

A headless Chromium prints the finished page as its own print style says; nothing is rendered a second time. Without a
browser there is no PDF, and one sentence says so. The file carries no clock.

References: Chromium, headless mode; ISO 32000-1, 14.3.3 (dates in the document information).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
NO_BROWSER = f"No PDF: none of {', '.join(BROWSERS)} is installed. Any browser can print report.html instead."
_SECONDS = 180
_DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)(\d{14})")


def write_pdf(page: Path, pdf: Path) -> str | None:
    """Print a page of ours to a PDF.

    Parameters
    ----------
    page
        An HTML file that asks the network for nothing.
    pdf
        Where the PDF goes.

    Returns
    -------
    str or None
        Why there is none, as a sentence; None where it was written.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return NO_BROWSER
    with TemporaryDirectory(prefix="themewave-", ignore_cleanup_errors=True) as own:
        made = Path(own) / "page.pdf"
        flags = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        flags += [f"--user-data-dir={own}/profile", "--no-pdf-header-footer", f"--print-to-pdf={made}"]
        if getattr(os, "geteuid", lambda: 1)() == 0:  # Chromium's sandbox refuses to be started by root
            flags.append("--no-sandbox")
        try:
            subprocess.run(
                [browser, *flags, page.resolve().as_uri()], check=True, capture_output=True, timeout=_SECONDS
            )
            printed = made.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return f"No PDF: {Path(browser).name} could not print the page. Any browser can print report.html instead."
    pdf.write_bytes(_DATE.sub(rb"\g<1>20000101000000", printed))
    return None
