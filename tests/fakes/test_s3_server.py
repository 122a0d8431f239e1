"""The S3 stand-in: conditional writes have one winner, and its faults are what they say."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from botocore.exceptions import ClientError

from tests.fakes.s3_server import LockedS3

WRITERS = 8


def status_of(write, **arguments):
    try:
        return write(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.slow
def test_a_race_for_an_absent_key_has_exactly_one_winner(s3_store_client, s3_bucket):
    rounds = 100
    barrier = Barrier(WRITERS)

    def write(writer):
        answers = []
        for number in range(rounds):
            barrier.wait(30)
            body = f"writer {writer}".encode()
            put = {"Bucket": s3_bucket, "Key": f"race/{number}", "Body": body, "IfNoneMatch": "*"}
            answers.append(status_of(s3_store_client.put_object, **put))
        return answers

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(write, range(WRITERS)))
    for number in range(rounds):
        tally = Counter(of_writer[number] for of_writer in answers)
        assert tally == {200: 1, 412: WRITERS - 1}


def test_compare_and_swap_refuses_an_old_etag(s3_store_client, s3_bucket):
    first = s3_store_client.put_object(Bucket=s3_bucket, Key="cas", Body=b"1")["ETag"]
    swap = {"Bucket": s3_bucket, "Key": "cas", "IfMatch": first}
    assert status_of(s3_store_client.put_object, Body=b"2", **swap) == 200
    assert status_of(s3_store_client.put_object, Body=b"3", **swap) == 412
    assert s3_store_client.get_object(Bucket=s3_bucket, Key="cas")["Body"].read() == b"2"


@pytest.mark.parametrize(("fault", "stored"), [("before", 0), ("after", 1)])
def test_a_fault_answers_500_before_or_after_the_write(fault, stored):
    script = [fault]

    def faults(method, path):
        return script.pop() if method == "PUT" and path == "/faults/key" and script else None

    with LockedS3(faults) as s3:
        s3.create_bucket("faults")
        client = s3.client(retries={"total_max_attempts": 1})
        client.delete_object(Bucket="faults", Key="key")
        assert status_of(client.put_object, Bucket="faults", Key="key", Body=b"x") == 500
        assert client.list_objects_v2(Bucket="faults")["KeyCount"] == stored
        assert status_of(client.put_object, Bucket="faults", Key="key", Body=b"x") == 200


def test_the_airflow_connection_names_this_server():
    with LockedS3() as s3:
        connection = json.loads(s3.airflow_connection())
        assert connection["conn_type"] == "aws"
        assert connection["extra"]["endpoint_url"] == s3.endpoint_url
