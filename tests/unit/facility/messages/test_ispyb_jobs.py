"""Jobs of ISPyB are looked up in a real database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

import mariadb_server
from icestream.facility.file import load_facility
from icestream.facility.messages.documents import UnreadableRequest
from icestream.facility.messages.duty import opened_messages
from icestream.facility.messages.ispyb_jobs import IspybJobs, ispyb_jobs
from icestream.facility.messages.kinds import ZocaloSection
from icestream.facility.messages.zocalo import start_of
from icestream.facility.opened import open_facility
from icestream.facility.sinks.sink import SinkDown

SINK = '\n[sinks.{name}]\nkind = "ispyb"\nurl = {{ text = "{url}" }}\n'
MOVIE = "/dls/m12/cm31111-5/raw/Images-Disc1/GridSquare_1/Data/a_fractions.tiff"


@pytest.fixture
def server(mariadb: mariadb_server.Server) -> str:
    """The address of an ISPyB that has job 12."""
    engine = mariadb.make_ispyb("jobs")
    t = mariadb_server.ispyb_tables().tables
    told = {"movie": MOVIE, "dcid": "77", "pixel_size": "0.885", "kv": "300"}
    with engine.begin() as connection:
        group = {"dataCollectionGroupId": 3, "sessionId": 7}
        connection.execute(insert(t["DataCollectionGroup"]).values(**group))
        collection = {"dataCollectionId": 5, "dataCollectionGroupId": 3, "SESSIONID": 7}
        connection.execute(insert(t["DataCollection"]).values(**collection))
        for job in (12, 14):
            values = {"processingJobId": job, "dataCollectionId": 5, "recipe": "em-spa-preprocess"}
            connection.execute(insert(t["ProcessingJob"]).values(**values))
        for name, value in told.items():
            values = {"processingJobId": 12, "parameterKey": name, "parameterValue": value}
            connection.execute(insert(t["ProcessingJobParameter"]).values(**values))
    engine.dispose()
    return mariadb.url("jobs")


def test_a_request_that_names_a_job_is_a_session(
    server: str, write_facility: Callable[[str], Path]
) -> None:
    file = load_facility(write_facility(SINK.format(name="ispyb", url=server))).file
    lookup = ispyb_jobs(file)
    assert lookup is not None
    request = {"parameters": {"ispyb_process": 12, "kv": 200}}
    made = start_of(request, ZocaloSection(), "zocalo:x", lookup)
    assert made.session == "em-spa-preprocess-77"
    assert made.acquisition == {"pixel_size": 0.885, "voltage": 200.0}
    assert lookup(14) == (["em-spa-preprocess"], {})
    with pytest.raises(UnreadableRequest, match=r"ISPyB \(sinks.ispyb\) has no ProcessingJob 13"):
        start_of({"parameters": {"ispyb_process": 13}}, ZocaloSection(), "zocalo:x", lookup)


def test_a_database_that_is_away_is_waited_for(write_facility: Callable[[str], Path]) -> None:
    away = SINK.format(name="ispyb", url="mysql+pymysql://root@127.0.0.1:9/ispyb")
    lookup = ispyb_jobs(load_facility(write_facility(away)).file)
    assert lookup is not None
    with pytest.raises(SinkDown, match="ISPyB cannot be asked"):
        lookup(12)


def test_whose_job_it_is_must_be_known(write_facility: Callable[[str], Path]) -> None:
    assert ispyb_jobs(load_facility(write_facility("")).file) is None
    url = "mysql+pymysql://root@127.0.0.1:9/ispyb"
    both = "".join(SINK.format(name=name, url=url) for name in ("a", "b"))
    lookup = ispyb_jobs(load_facility(write_facility(both)).file)
    assert lookup is not None
    with pytest.raises(LookupError, match=r"job 12 may be of sinks\.a and sinks\.b"):
        lookup(12)


def test_messages_of_a_facility_with_ispyb_look_jobs_up(
    write_facility: Callable[[str], Path],
) -> None:
    url = "mysql+pymysql://root@127.0.0.1:9/ispyb"
    more = SINK.format(name="ispyb", url=url) + '\n[messages]\nfolder = "{folder}/requests"\n'
    with open_facility(write_facility(more)) as facility, opened_messages(facility) as carrying:
        assert isinstance(carrying._lookup, IspybJobs)
