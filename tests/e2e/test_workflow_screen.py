import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from icestream.engine.record.workflows import session_workflow
from icestream.store.requests import requests
from report_session import SampleSession

Open = Callable[..., Page]


def test_the_graph_runs_no_link_beneath_a_box(opened: Open, session: str) -> None:
    page = opened(f"{session}/workflow")
    expect(page.locator(".react-flow__node", has_text="CTF estimation").first).to_be_visible()
    crossing = page.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll('.react-flow__node')].map(
            (node) => [node.dataset.id, node.getBoundingClientRect()]);
          const found = [];
          for (const path of document.querySelectorAll('.react-flow__edge-path')) {
            const place = path.getScreenCTM();
            for (let at = 0; at < path.getTotalLength(); at += 3) {
              const point = path.getPointAtLength(at).matrixTransform(place);
              for (const [name, box] of boxes)
                if (point.x > box.left + 3 && point.x < box.right - 3
                    && point.y > box.top + 3 && point.y < box.bottom - 3)
                  found.push(name);
            }
          }
          return [found, document.querySelectorAll('.react-flow__edge-path').length];
        }"""
    )
    assert crossing[0] == []
    assert crossing[1] >= 9


def test_no_link_is_taken_away_while_counts_come_in(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/workflow")
    aligned = page.locator(".react-flow__node[data-id='align']")
    expect(aligned).to_contain_text("59 done")
    page.evaluate(
        """() => {
          window.drawn = [];
          const look = () => {
            window.drawn.push(document.querySelectorAll('.react-flow__edge-path').length);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    sample.grow(3)
    expect(aligned).to_contain_text("62 done")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert len(set(page.evaluate("window.drawn"))) == 1


def test_all_problems_are_told_at_once_and_a_click_leads_to_each(
    opened: Open, session: str
) -> None:
    page = opened(f"{session}/workflow")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name=re.compile("^ctf ")).click()
    page.get_by_role("textbox", name="Defocus max").fill("30")
    steps.get_by_role("button", name=re.compile("^pick ")).click()
    page.get_by_role("combobox", name="micrograph").select_option("")
    changes = page.locator("section", has=page.get_by_role("heading", name="Changes"))
    expect(changes.get_by_text("at most 20 µm, found 30")).to_be_visible()
    expect(changes.get_by_text("is not connected")).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    changes.get_by_role("button", name="ctf.defocus_max").click()
    expect(page.get_by_role("textbox", name="Defocus max")).to_have_value("30")


def test_the_keyboard_alone_adds_a_step_and_takes_it_back(opened: Open, session: str) -> None:
    page = opened(f"{session}/workflow")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name=re.compile("^import ")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(steps.get_by_role("button", name=re.compile("^ctf "))).to_be_focused()
    after = page.get_by_role("button", name="Step after ctf")
    after.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Add a step after ctf.ctf")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("fits")
    page.keyboard.type("monitor")
    page.keyboard.press("Enter")
    expect(steps.get_by_role("button", name=re.compile("^monitor "))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Undo: add monitor")).focus()
    page.keyboard.press("Enter")
    expect(steps.get_by_role("button", name=re.compile("^monitor "))).to_be_hidden()
    expect(page.get_by_text("As the session runs it")).to_be_visible()


def test_a_change_is_applied_with_its_reason(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/workflow")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name=re.compile("^ctf ")).click()
    page.get_by_role("textbox", name="Defocus max").fill("4")
    expect(page.get_by_text("1 change, can run")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("ctf.defocus_max: 5 µm → 4 µm")).to_be_visible()
    dialog.get_by_label("Reason").fill("the focus is set at 2 µm")
    dialog.get_by_role("button", name="Change the workflow").click()
    expect(page.get_by_text("As the session runs it")).to_be_visible(timeout=30_000)
    assert session_workflow(sample.store).step("ctf").parameters["defocus_max"] == 4.0
    (asked,) = requests(sample.store)
    assert asked.verb == "workflow"
    assert asked.document["why"] == "the focus is set at 2 µm"


def test_the_workflow_is_exported_and_imported_as_a_file(
    opened: Open, session: str, sample: SampleSession
) -> None:
    page = opened(f"{session}/workflow")
    page.get_by_role("button", name="More").click()
    with page.expect_download() as waiting:
        page.get_by_role("menuitem", name="Export as a file").click()
    document = json.loads(waiting.value.path().read_text("utf-8"))
    assert document == session_workflow(sample.store).to_document()
    document["steps"] = [step for step in document["steps"] if step["name"] != "volume"]
    page.get_by_label("Workflow file").set_input_files(
        {
            "name": "short.json",
            "mimeType": "application/json",
            "buffer": json.dumps(document).encode(),
        }
    )
    expect(page.get_by_text("volume is left out")).to_be_visible()
    expect(page.get_by_text("short.json is imported, and not applied yet.")).to_be_visible()
