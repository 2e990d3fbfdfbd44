from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def test_the_element_draws_a_workflow_on_a_page_of_its_own(opened: Open, site: str) -> None:
    page = opened(f"{site}/viewer/demo.html")
    viewer = page.locator("workflow-viewer")
    ctf = viewer.get_by_role("button", name="ctf: ctf.estimate")
    expect(ctf).to_be_visible()
    expect(viewer.get_by_role("button", name="pace: monitor.pace")).to_be_visible()
    viewer.get_by_role("button", name="ctf_monitor: monitor.ctf").focus()
    page.keyboard.press("Enter")
    expect(viewer.get_by_role("row", name="takes ctf.ctf")).to_be_visible()
    expect(viewer.get_by_role("row", name="jumps false")).to_be_visible()
